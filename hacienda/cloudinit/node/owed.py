"""What services still owe their daemons: a restart, a reload, or another convergence. `pending` is written here and taken
over by hacienda-converge, which keeps it in `taken` until it is done."""

from __future__ import annotations

from pathlib import Path

from hacienda.cloudinit.node import disk, paths

_STRENGTH = {"": 0, "converge": 1, "reload": 2, "restart": 3}


def action(on_change: str) -> str:
    """What a changed file's `on_change` means to its service: `none` leaves the daemons alone, yet converges again."""
    return "converge" if on_change == "none" else on_change


def stronger(one: str, other: str) -> str:
    """The stronger of two actions; empty is none."""
    return max(one, other, key=lambda word: _STRENGTH.get(word, 0))


def add(service: str, wanted: str) -> None:
    """Notes that a service owes at least this."""
    path = paths.PENDING / service
    disk.write(path, f"{stronger(_read(path), wanted)}\n".encode(), 0o600)


def forget(service: str) -> None:
    """A service that left this node owes nothing."""
    for folder in (paths.PENDING, paths.TAKEN):
        (folder / service).unlink(missing_ok=True)


def everything() -> dict[str, str]:
    """Service -> what it owes."""
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
