"""CERT: certificates near their end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

NOTICE = timedelta(days=30)
"""A month: long enough for a change freeze and a holiday."""
_SHOWN = 3


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for the certificates that have expired, one for those that soon will, one for lives that are too short."""
    ends = {held.name: held.expires.date() for held in subject.held if held.expires is not None}
    over = {name: end for name, end in ends.items() if end < subject.today}
    soon = {name: end for name, end in ends.items() if subject.today <= end <= subject.today + NOTICE}
    fix = f"Run: hacienda apply {subject.cloud.name}"
    if over:
        reason = f"{_listed(over)} expired, the first on {min(over.values())}."
        yield Observation("tls", reason, fix, "error", tuple(over))
    if soon:
        end = min(soon.values())
        reason = f"{_listed(soon)} will expire within {NOTICE.days} days, the first on {end}."
        yield Observation("tls", reason, fix, concerns=tuple(soon))
    days = subject.cloud.certificate_days
    if days <= NOTICE.days:
        reason = f"certificates live for {days} days, and are renewed when somebody applies in the last {days // 3}."
        fix = f"Use more than {NOTICE.days}; 90 leaves a month for the renewal."
        yield Observation("tls.leaf_days", reason, fix, concerns=("tls",))


def _listed(found: dict[str, date]) -> str:
    names = sorted(found)
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{len(names)} certificates ({shown}, ...)"


rule = Rule(
    id="CERT",
    title="Certificates near their end",
    severity="warning",
    reason="A certificate that expires stops the database, the message queue and every API at the same second, on all machines.",
    fix="Apply: certificates in the last third of their life are renewed.",
    find=_find,
)
