"""Prints changes of trust on a terminal: in red, before everything else, and completely."""

from __future__ import annotations

from rich.text import Text

from hacienda import printing
from hacienda.cli import console
from hacienda.review.diff import TrustChange


def lines(found: tuple[TrustChange, ...]) -> list[Text]:
    """Lines for people about changes of trust."""
    said = []
    for change in found:
        said.append(Text(f"  TRUST {change.path}: this decides {change.decides}", style="bold red"))
        said += [Text(f"    {printing.printable(line)}", style="red") for line in change.lines]
    return said


def show(environment: str, found: tuple[TrustChange, ...], terminal: console.Terminal) -> None:
    """Print changes since the last apply; nothing if there are none."""
    if found:
        count = f"{len(found)} CHANGE{'' if len(found) == 1 else 'S'} OF TRUST since the last apply from this machine"
        terminal.print(Text(f"{environment}: {count}", style="bold red"))
        for line in lines(found):
            terminal.print(line)
