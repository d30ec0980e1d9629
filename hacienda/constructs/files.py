"""The files beside the CDK's own: what the nodes are given, and how a stack finds the provider."""

from __future__ import annotations

import sys
from pathlib import Path

from hacienda import cloudinit
from hacienda.constructs import publish
from hacienda.constructs.content import Content
from hacienda.declare import launcher


def write_nodes(content: Content, out: Path) -> None:
    """Write `nodes/<environment>/<node>/{user-data,network-config,bundle.tar.gz}` and `rendered/<environment>/<node>/...`.

    Each of the two is replaced as a whole.

    Raises:
        OSError: the folder cannot be written.
    """
    with publish.workshop(out / content.cloud.name) as folder:
        cloudinit.write(content.outputs.values(), folder)
        for kind in ("nodes", "rendered"):
            publish.swap(folder / kind, out / kind / content.cloud.name)


def write_launcher(stack: str, out: Path) -> None:
    """Put the provider's launcher and lock into a stack's folder, so that `terraform init` asks nobody for it."""
    folder = out / "stacks" / stack
    for name, file in launcher.files(sys.executable, launcher.running_platform()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
        path.chmod(file.mode)
