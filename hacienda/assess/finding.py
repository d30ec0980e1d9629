"""Findings: weaknesses of an environment whose file is valid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
"""`error`: the cloud will not survive a failure that it is built to survive. `warning`: a weakness. `info`: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first."""

_WORDS = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("remark", "remarks")}
_WORDS["accepted"] = ("accepted", "accepted")


@dataclass(frozen=True)
class Observation:
    """What a rule found in one cloud.

    Args:
        where: dotted field of the environment file to look at.
        reason: what is wrong, with figures.
        fix: what to do about it; empty: the rule's fix.
        severity: how bad it is; None: the rule's severity.
        concerns: names of the machines, networks, failure domains or services concerned. An `accept` may name them.
    """

    where: str
    reason: str
    fix: str = ""
    severity: Severity | None = None
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Acceptance:
    """Why a finding is accepted, and for how long.

    Args:
        reason: the operator's reason.
        until: last day on which it is accepted.
        expired: True: that day has passed, and the finding counts again.
    """

    reason: str
    until: date
    expired: bool


@dataclass(frozen=True)
class Finding:
    """One finding of a rule, with its place in the environment file.

    Args:
        rule: the rule's id; `hacienda explain <id>` explains it.
        severity: how bad it is.
        where: dotted field of the environment file to look at.
        reason: what is wrong, with figures.
        fix: what to do about it.
        concerns: names of what it concerns.
        file: the environment file; empty: not from a file.
        line: line of the field, or of the closest part above it; None: the file has neither.
        acceptance: the matching entry of `accept`; None: none matches.
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
        """Whether it is accepted today."""
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
        """The finding for programs: only text, numbers, lists and mappings."""
        told = asdict(self) | {"concerns": list(self.concerns), "accepted": self.accepted}
        if self.acceptance is not None:
            told["acceptance"]["until"] = self.acceptance.until.isoformat()
        return told


def reference(rule: str) -> str:
    """Where the operator finds more about a rule. It is a command, because an installed package has no `docs/` folder."""
    return f"See `hacienda explain {rule}`."


def counted(findings: Iterable[Finding]) -> str:
    """The number of findings by severity: `1 error, 5 accepted`; empty: no findings."""
    found = Counter("accepted" if finding.accepted else finding.severity for finding in findings)
    return ", ".join(f"{found[key]} {words[found[key] != 1]}" for key, words in _WORDS.items() if found[key])
