"""The findings of all rules about one cloud."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from hacienda.assess import acceptance
from hacienda.assess.finding import SEVERITIES, Finding
from hacienda.assess.rules import rules
from hacienda.assess.rules.accept import rule as accepting
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud


def today() -> date:
    """Today's date in UTC, so that everybody who assesses an environment at the same moment gets the same result."""
    return datetime.now(UTC).date()


def findings(assessed: Subject | Cloud) -> tuple[Finding, ...]:
    """All findings about a cloud, the worst first.

    Args:
        assessed: a subject; or a cloud, which is then assessed as of today, without other environments and without its store.
    """
    subject = Subject(assessed, today()) if isinstance(assessed, Cloud) else assessed
    others = (rule for rule in rules().values() if rule is not accepting)
    found = [acceptance.applied(finding, subject) for rule in others for finding in rule.findings(subject)]
    found += accepting.findings(replace(subject, found=tuple(found)))
    return in_order(found)


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings, the worst first and the accepted ones last."""
    return tuple(sorted(found, key=lambda f: (f.accepted, SEVERITIES.index(f.severity), f.rule, f.where, f.reason)))
