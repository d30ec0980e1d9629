"""The facts of this node's scripts, for its Python programs."""

from __future__ import annotations

import shlex
from pathlib import Path

from hacienda.cloudinit.node import paths


def of_node() -> dict[str, str]:
    """Facts about this node; empty before the first installation."""
    return _read(paths.ETC / "node.env")


def of_service(name: str) -> dict[str, str]:
    """A service's life cycle, members and own facts; empty if it is not installed."""
    return _read(paths.ETC / "services" / f"{name}.env")


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    words = (shlex.split(line) for line in path.read_text("utf-8").splitlines())
    return dict(word.split("=", 1) for line in words for word in line)
