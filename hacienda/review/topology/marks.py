"""Single points of failure: findings of the assessment, and what they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hacienda.assess import Finding

Kind = Literal["machine", "network", "virtual ip", "domain", "voters"]

MARKING: Mapping[str, tuple[Kind, ...]] = {
    "CRUSH": ("domain",),
    "DOMAIN": ("domain", "machine"),
    "GW": ("network", "domain"),
    "LINK": ("network",),
    "SINGLE": ("machine",),
    "VIPONE": ("virtual ip", "machine"),
    "VOTERS": ("voters",),
}
"""Rules that name what nothing would take over for, and what of the names they give is meant."""


@dataclass(frozen=True)
class Mark:
    """Why losing something is felt.

    Args:
        rule: the rule's id.
        accepted: the environment's file accepts it today.
    """

    rule: str
    accepted: bool

    def __str__(self) -> str:
        return f"{self.rule}, accepted" if self.accepted else self.rule


class Marks:
    """Marks to look up.

    Args:
        findings: an assessment's findings; those of other rules, and what is only to be known, mark nothing.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._found: dict[tuple[Kind, str], list[Mark]] = {}
        for finding in findings:
            if finding.severity == "info":
                continue
            for kind in MARKING.get(finding.rule, ()):
                for name in finding.concerns:
                    self._found.setdefault((kind, name), []).append(Mark(finding.rule, finding.accepted))

    def of(self, kind: Kind, *names: str) -> tuple[Mark, ...]:
        """Marks of something that goes by any of these names."""
        return tuple(dict.fromkeys(mark for name in names for mark in self._found.get((kind, name), ())))
