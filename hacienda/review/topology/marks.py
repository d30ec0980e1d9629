"""Single points of failure: findings of the assessment, and the boxes that they concern."""

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
"""Rules that report single points of failure -> kinds of boxes that the finding's names mean."""


@dataclass(frozen=True)
class Mark:
    """Why something is a single point of failure.

    Args:
        rule: id of the rule.
        accepted: whether the environment file accepts the finding today.
    """

    rule: str
    accepted: bool

    def __str__(self) -> str:
        return f"{self.rule}, accepted" if self.accepted else self.rule


class Marks:
    """Marks by kind and name.

    Args:
        findings: findings of an assessment. Findings of other rules and those of severity `info` mark nothing.
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
        """Marks of a box that has any of these names."""
        return tuple(dict.fromkeys(mark for name in names for mark in self._found.get((kind, name), ())))
