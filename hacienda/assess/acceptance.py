"""Deliberate exceptions: the entries of the environment's `accept`, and the findings that they match."""

from __future__ import annotations

from dataclasses import replace

from hacienda.assess.finding import Acceptance, Finding
from hacienda.assess.subject import Subject
from hacienda.environment.accept import Accept


def applied(finding: Finding, subject: Subject) -> Finding:
    """The finding with its acceptance, if an entry of `accept` matches it. Of several entries, the last to end counts."""
    meant = [entry for entry in subject.cloud.accepts if matches(entry, finding)]
    if not meant:
        return finding
    entry = max(meant, key=lambda one: one.until)
    return replace(finding, acceptance=Acceptance(entry.reason, entry.until, entry.until < subject.today))


def matches(entry: Accept, finding: Finding) -> bool:
    """Whether an entry matches a finding."""
    return entry.rule == finding.rule and entry.concerns in (None, finding.where, *finding.concerns)
