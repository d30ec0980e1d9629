"""What a change of files means for running daemons. Terraform's plan and the rendered diff share this definition.

`_place` in the installer compares the same things on the nodes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def effect(on_change: str, service: str) -> str:
    """The action that a change of a file asks for: `restart <service>` or `reload <service>`; empty: none."""
    return "" if on_change == "none" else f"{on_change} {service}"


def attributes(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What besides its text makes a file changed: owner, group, mode and names of its secrets, as pairs of name and value.

    Args:
        entry: the file's entry in a bundle's manifest.
    """
    plain = tuple((name, str(entry[name])) for name in ("owner", "group", "mode"))
    return (*plain, ("secrets", " ".join(entry["secrets"])))


def restarts(effects: Mapping[str, str], paths: Collection[str]) -> list[str]:
    """Effects of a change of these paths, sorted. A restart of a service includes its reload.

    Args:
        effects: path -> effect, of the files before and after; other paths have no effect.
        paths: files that are added, deleted or changed.
    """
    asked = {effects[path] for path in paths if effects.get(path)}
    return sorted(e for e in asked if not (e.startswith("reload ") and f"restart {e.removeprefix('reload ')}" in asked))
