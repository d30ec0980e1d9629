"""Writes outputs to disk: the files that the stacks refer to, and every rendered file for reading."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from hacienda.cloudinit.output import NodeOutput
from hacienda.cloudinit.rendered import RenderedFile


def write(outputs: Iterable[NodeOutput], nodes: Path, rendered: Path) -> None:
    """Write `<nodes>/<node>/{user-data,network-config,bundle.tar.gz}` and `<rendered>/<node>/...`.

    Args:
        outputs: may be a generator; nodes are written one by one.
        nodes, rendered: folders that do not exist yet. Synthesis puts them into a staging directory, and replaces former ones only
            once everything is written.

    Raises:
        OSError: a folder exists, or cannot be written.
    """
    for folder in (nodes, rendered):
        folder.mkdir(parents=True)
    copies: dict[str, str] = {}
    for output in outputs:
        _write_node(output, nodes / output.node)
        _write_rendered(output, rendered / output.node, copies)


def _write_node(output: NodeOutput, folder: Path) -> None:
    folder.mkdir()
    (folder / "user-data").write_text(output.user_data, encoding="utf-8")
    (folder / "network-config").write_text(output.network_config, encoding="utf-8")
    (folder / "bundle.tar.gz").write_bytes(output.bundle)


def _write_rendered(output: NodeOutput, folder: Path, copies: dict[str, str]) -> None:
    """Write one node's files. Most files are the same on many nodes, so each content is written once and then linked. Paths are
    text, because joining a `Path` for each file of thousands of nodes takes longer than the links.

    Args:
        copies: sha256 -> the first file with that content.
    """
    root = str(folder)
    made = {str(folder.parent)}
    for file in output.files:
        target = root + file.path
        if file.kind == "directory":
            _make(target, made)
            continue
        _make(_parent(target), made)
        first = copies.setdefault(file.sha256, target)
        if first is target:
            Path(target).write_bytes(file.content)
        else:
            _link(first, target, file)


def _make(folder: str, made: set[str]) -> None:
    """Make a folder and its parents, except those in `made`."""
    if folder not in made:
        _make(_parent(folder), made)
        Path(folder).mkdir()
        made.add(folder)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _link(first: str, target: str, file: RenderedFile) -> None:
    try:
        os.link(first, target)
    except OSError:  # too many links to one file (ext4: 65,000), or a file system without links
        Path(target).write_bytes(file.content)
