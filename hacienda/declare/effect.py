"""What a change of files means for running daemons: the one definition that Terraform's plan and the rendered diff share. Nodes
act by it: `_place` of the installer compares the same things."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def effect(on_change: str, service: str) -> str:
    """What a change of a file asks for: `restart <service>` or `reload <service>`; empty: nobody needs to notice."""
    return "" if on_change == "none" else f"{on_change} {service}"


def attributes(entry: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is a change of a file although its text stays, from its entry in a bundle's manifest: owner, group, mode and names of
    its secrets, each with its name."""
    plain = tuple((name, str(entry[name])) for name in ("owner", "group", "mode"))
    return (*plain, ("secrets", " ".join(entry["secrets"])))


def restarts(effects: Mapping[str, str], paths: Collection[str]) -> list[str]:
    """Sorted effects that a change of these paths has; a restart of a service includes its reload.

    Args:
        effects: path -> effect, of the files before and after; other paths have none.
        paths: files that come, go or change.
    """
    asked = {effects[path] for path in paths if effects.get(path)}
    return sorted(e for e in asked if not (e.startswith("reload ") and f"restart {e.removeprefix('reload ')}" in asked))
