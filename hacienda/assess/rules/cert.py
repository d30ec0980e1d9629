"""CERT: certificates that expire soon, and certificates of another authority that clients would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.errors import Problem
from hacienda.secrets import authorities

NOTICE = timedelta(days=30)
"""A month, which is enough for a change freeze and a holiday."""
_SHOWN = 3


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation each for expired certificates, for those that expire soon, and for too short a life. Besides, one for each
    problem of a certificate that another authority signed."""
    for problem in subject.refused:
        yield Observation(problem.where, f"{_subject_of(problem)} {problem.reason}.", _words(problem), "error")
    for problem in subject.unread:
        reason = f"{_subject_of(problem)} {problem.reason}; its content is not checked."
        yield Observation(problem.where, reason, _words(problem), "warning")
    ends = {held.name: held.expires.date() for held in subject.held if held.expires is not None}
    over = {name: end for name, end in ends.items() if end < subject.today}
    soon = {name: end for name, end in ends.items() if subject.today <= end <= subject.today + NOTICE}
    if over:
        reason = f"{_listed(over)} expired, the first on {min(over.values())}."
        yield Observation("tls", reason, _fix(subject, over), "error", tuple(over))
    if soon:
        end = min(soon.values())
        reason = f"{_listed(soon)} will expire within {NOTICE.days} days, the first on {end}."
        yield Observation("tls", reason, _fix(subject, soon), concerns=tuple(soon))
    days = subject.cloud.certificate_days
    if days <= NOTICE.days:
        reason = f"certificates are valid for {days} days, and only an apply in the last {days // 3} days renews them."
        fix = f"Use more than {NOTICE.days}; 90 leaves a month for the renewal."
        yield Observation("tls.leaf_days", reason, fix, concerns=("tls",))


def _fix(subject: Subject, ending: dict[str, date]) -> str:
    """How to renew them. An apply does so only in the last third of their life, which may be less than a month."""
    name, own = subject.cloud.name, subject.cloud.public_certificate
    if own is not None and {own.bundle_name, own.authority_name} & ending.keys():
        where = f"put it into {own.chain}" if own.chain else f"run: hacienda secrets certificate {name} CHAIN KEY"
        return f"Have its authority renew the public certificate, {where}, then run: hacienda apply {name}"
    if any(authorities.purpose_of(one) for one in ending):
        return f"Run: hacienda secrets rotate {name} --kind ca   and: hacienda apply {name}"
    if timedelta(days=subject.cloud.certificate_days) / 3 < NOTICE:
        return f"Run: hacienda secrets rotate {name} --kind leaf   and: hacienda apply {name}"
    return f"Run: hacienda apply {name}"


def _subject_of(problem: Problem) -> str:
    return problem.value or "the certificate"


def _words(problem: Problem) -> str:
    return problem.fix or "Have its authority sign another one."


def _listed(found: dict[str, date]) -> str:
    names = sorted(found)
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{len(names)} certificates ({shown}, ...)"


rule = Rule(
    id="CERT",
    title="Certificates that expire soon, or that clients refuse",
    severity="warning",
    reason="A certificate that expires stops the database, the message queue and every API at the same second, on all machines.",
    fix="Run `hacienda apply`: it renews certificates in the last third of their life.",
    find=_find,
)
