"""What resolves but is unwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
"""`error`: the cloud will not survive what it is built to survive. `warning`: a weakness. `info`: something to know."""


@dataclass(frozen=True)
class Finding:
    """One thing that a rule noticed.

    Args:
        rule: the rule's id; docs/rules/<id>.md explains it.
        severity: how bad it is.
        where: the field of the environment file to look at, dotted.
        reason: what is unwise, with figures.
        fix: what to do about it.
        file: the environment file; empty: not from a file.
        line: line of the field, or of what is around it; None: nothing of it is written there.
    """

    rule: str
    severity: Severity
    where: str
    reason: str
    fix: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line is not None else ""
        return f"{place}{self.where}: {self.reason}\n  {self.fix} See docs/rules/{self.rule}.md"
