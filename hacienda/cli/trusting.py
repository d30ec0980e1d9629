"""What plan and apply say of trust: whatever differs from the last apply from this machine comes before everything else.

What was applied is kept in `.hacienda/<environment>/trusted.json`, which holds no secret. Without it (a pipeline, another machine)
nothing is said here: `hacienda diff` and `report` compare with a revision.
"""

from __future__ import annotations

import json
import os

from rich.text import Text

from hacienda import printing
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.errors import ToolError
from hacienda.review import diff
from hacienda.review.diff import TrustChange, trust

NAME = "trusted.json"


def changed(cloud: Cloud) -> tuple[TrustChange, ...]:
    """Settings of trust that differ from those of the last apply."""
    try:
        told = json.loads((project.state_folder(cloud.name) / NAME).read_text(encoding="utf-8"))
        before = trust.imported(told) or {}
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, AttributeError):
        # Whoever cannot read what was applied looks at all of it.
        before = {}
    return trust.changes(before, diff.facts(cloud, project.root()))


def keep(cloud: Cloud) -> None:
    """Remember what was applied.

    Raises:
        ToolError: it cannot be written.
    """
    file = project.state_folder(cloud.name) / NAME
    fresh = file.with_name(f".{NAME}.{os.getpid()}")
    content = trust.exported(diff.facts(cloud, project.root()))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise ToolError(f"{file}: cannot be written: {error.strerror}") from None


def lines(found: tuple[TrustChange, ...]) -> list[Text]:
    """Changes for people, red, none of them cut."""
    said = []
    for change in found:
        said.append(Text(f"  TRUST {change.path}: this decides {change.decides}", style="bold red"))
        said += [Text(f"    {printing.printable(line)}", style="red") for line in change.lines]
    return said


def show(cloud: Cloud, found: tuple[TrustChange, ...], terminal: console.Terminal) -> None:
    """Say what differs, or nothing."""
    if found:
        count = f"{len(found)} CHANGE{'' if len(found) == 1 else 'S'} OF TRUST since the last apply from this machine"
        terminal.print(Text(f"{cloud.name}: {count}", style="bold red"))
        for line in lines(found):
            terminal.print(line)
