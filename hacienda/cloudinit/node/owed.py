"""Actions that services still need: a restart, a reload, or another convergence. This module writes them to `pending`.
hacienda-converge moves them to `taken` until they are done."""

from __future__ import annotations

from pathlib import Path

from hacienda.cloudinit.node import disk, paths

_STRENGTH = {"": 0, "converge": 1, "reload": 2, "restart": 3}


def action(on_change: str) -> str:
    """Action for the `on_change` of a changed file. `none` does not touch the daemons, but the service converges
    again."""
    return "converge" if on_change == "none" else on_change


def stronger(one: str, other: str) -> str:
    """The stronger of two actions; empty: no action."""
    return max(one, other, key=lambda word: _STRENGTH.get(word, 0))


def add(service: str, wanted: str) -> None:
    """Records that a service needs at least this action."""
    path = paths.PENDING / service
    disk.write(path, f"{stronger(_read(path), wanted)}\n".encode(), 0o600)


def forget(service: str) -> None:
    """Forgets the actions of a service that left this node."""
    for folder in (paths.PENDING, paths.TAKEN):
        (folder / service).unlink(missing_ok=True)


def everything() -> dict[str, str]:
    """Service -> action that it needs."""
    found: dict[str, str] = {}
    for folder in (paths.PENDING, paths.TAKEN):
        if folder.is_dir():
            for path in folder.iterdir():
                if not path.name.startswith("."):
                    found[path.name] = stronger(found.get(path.name, ""), _read(path))
    return dict(sorted(found.items()))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
