"""Outputs on disk: what the stacks refer to, and the same files laid out to be read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from hacienda.cloudinit.rendered import NodeOutput

_FOLDERS = ("nodes", "rendered")


def write(outputs: Iterable[NodeOutput], out_dir: Path) -> None:
    """Writes `nodes/<node>/{user-data,network-config,bundle.tar.gz}` and `rendered/<node>/...` below `out_dir`.

    Both folders are replaced as a whole, and only once everything is written: whatever goes wrong before leaves what was
    there. `outputs` may be a generator; nodes are written one by one. One folder serves one environment.

    Raises:
        OSError: the folder cannot be written.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".nodes-", dir=out_dir))
    try:
        for folder in _FOLDERS:
            (fresh / folder).mkdir()
        copies: dict[str, Path] = {}
        for output in outputs:
            _write_node(output, fresh / "nodes" / output.node)
            _write_rendered(output, fresh / "rendered" / output.node, copies)
        for folder in _FOLDERS:
            _replace(fresh / folder, out_dir / folder, fresh / f"{folder}.old")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_node(output: NodeOutput, folder: Path) -> None:
    folder.mkdir()
    (folder / "user-data").write_text(output.user_data, encoding="utf-8")
    (folder / "network-config").write_text(output.network_config, encoding="utf-8")
    (folder / "bundle.tar.gz").write_bytes(output.bundle)


def _write_rendered(output: NodeOutput, folder: Path, copies: dict[str, Path]) -> None:
    """Files that are the same on many nodes are written once and linked: most are."""
    made: set[str] = set()
    for file in output.files:
        target = folder / file.path[1:]
        parent = target if file.kind == "directory" else target.parent
        if str(parent) not in made:
            parent.mkdir(parents=True, exist_ok=True)
            made.add(str(parent))
        if file.kind == "directory":
            continue
        first = copies.setdefault(file.sha256, target)
        if first is target:
            first.write_bytes(file.content)
        else:
            _link(first, target, file.content)


def _link(first: Path, target: Path, content: bytes) -> None:
    try:
        os.link(first, target)
    except OSError:  # too many links to one file (ext4: 65,000), or a file system without links
        target.write_bytes(content)


def _replace(new: Path, old: Path, aside: Path) -> None:
    if old.exists():
        old.rename(aside)
    new.rename(old)
