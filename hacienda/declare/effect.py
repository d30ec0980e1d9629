"""What a change of files means for running daemons: the one definition that Terraform's plan and the rendered diff share."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def effect(on_change: str, service: str) -> str:
    """What a change of a file asks for: `restart <service>` or `reload <service>`; empty: nobody needs to notice."""
    return "" if on_change == "none" else f"{on_change} {service}"


def restarts(effects: Mapping[str, str], paths: Collection[str]) -> list[str]:
    """Sorted effects that a change of these paths has; a restart of a service includes its reload.

    Args:
        effects: path -> effect, of the files before and after; other paths have none.
        paths: files that come, go or change.
    """
    asked = {effects[path] for path in paths if effects.get(path)}
    return sorted(e for e in asked if not (e.startswith("reload ") and f"restart {e.removeprefix('reload ')}" in asked))
