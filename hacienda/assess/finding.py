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
    """

    rule: str
    severity: Severity
    where: str
    reason: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}\n  {self.fix} See docs/rules/{self.rule}.md"
