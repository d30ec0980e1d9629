"""What resolves but is unwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
"""`error`: the cloud will not survive what it is built to survive. `warning`: a weakness. `info`: something to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first."""

_WORDS = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("remark", "remarks")}
_WORDS["accepted"] = ("accepted", "accepted")


@dataclass(frozen=True)
class Observation:
    """What a rule saw in one cloud.

    Args:
        where: the field of the environment file to look at, dotted.
        reason: what is unwise, with figures.
        fix: what to do about it; empty: what the rule says.
        severity: how bad it is; None: what the rule says.
        concerns: names of what it is about (machines, networks, failure domains, services), which an `accept` may name.
    """

    where: str
    reason: str
    fix: str = ""
    severity: Severity | None = None
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Acceptance:
    """Why a finding stands, and for how long.

    Args:
        reason: in the operator's words.
        until: last day on which it is accepted.
        expired: that day has passed: the finding counts again.
    """

    reason: str
    until: date
    expired: bool


@dataclass(frozen=True)
class Finding:
    """One thing that a rule noticed.

    Args:
        rule: the rule's id; `hacienda explain <id>` explains it.
        severity: how bad it is.
        where: the field of the environment file to look at, dotted.
        reason: what is unwise, with figures.
        fix: what to do about it.
        concerns: names of what it is about.
        file: the environment file; empty: not from a file.
        line: line of the field, or of what is around it; None: nothing of it is written there.
        acceptance: what the environment's `accept` says of it; None: nothing.
    """

    rule: str
    severity: Severity
    where: str
    reason: str
    fix: str
    concerns: tuple[str, ...] = ()
    file: str = ""
    line: int | None = None
    acceptance: Acceptance | None = None

    @property
    def accepted(self) -> bool:
        """Whether it is a deliberate exception today."""
        return self.acceptance is not None and not self.acceptance.expired

    @property
    def fails(self) -> bool:
        """Whether it makes a check fail."""
        return self.severity == "error" and not self.accepted

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line is not None else ""
        said = f"{place}{self.where}: {self.reason}"
        if self.acceptance is None:
            return f"{said}\n  {self.fix} {reference(self.rule)}"
        if self.accepted:
            return f"{said}\n  Accepted until {self.acceptance.until}: {self.acceptance.reason}"
        passed = f"It was accepted until {self.acceptance.until}, which has passed: {self.acceptance.reason}"
        return f"{said}\n  {passed}\n  {self.fix} {reference(self.rule)}"

    def document(self) -> dict[str, Any]:
        """Itself for a program: text, numbers, lists and mappings only."""
        told = asdict(self) | {"concerns": list(self.concerns), "accepted": self.accepted}
        if self.acceptance is not None:
            told["acceptance"]["until"] = self.acceptance.until.isoformat()
        return told


def reference(rule: str) -> str:
    """Where a reader finds more about a rule: a command, because an installed package has no `docs/` to look into."""
    return f"See `hacienda explain {rule}`."


def counted(findings: Iterable[Finding]) -> str:
    """Findings, counted: `1 error, 5 accepted`; empty: there is none."""
    found = Counter("accepted" if finding.accepted else finding.severity for finding in findings)
    return ", ".join(f"{found[key]} {words[found[key] != 1]}" for key, words in _WORDS.items() if found[key])
