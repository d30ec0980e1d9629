"""ACCEPT: an exception that matches no finding, or that lasts too long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hacienda.assess import acceptance
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

LONGEST = timedelta(days=2 * 366)
"""Two years: by then the person who accepted it may have left."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each entry of `accept` that matches no finding, or that ends too late."""
    for position, entry in enumerate(subject.cloud.accepts):
        where = f"accept[{position}]"
        concerns = (entry.rule, entry.concerns) if entry.concerns else (entry.rule,)
        if not any(acceptance.matches(entry, finding) for finding in subject.found):
            about = f" about {entry.concerns}" if entry.concerns else ""
            reason = f"{entry.rule} finds nothing{about}: this entry would hide a later finding."
            yield Observation(where, reason, concerns=concerns)
        elif entry.until - subject.today > LONGEST:
            reason = f"{entry.rule} is accepted until {entry.until}: nobody will review it before."
            yield Observation(where, reason, "Choose a day within the next two years.", concerns=concerns)


rule = Rule(
    id="ACCEPT",
    title="An exception that matches no finding, or that lasts too long",
    severity="warning",
    reason="A leftover entry of `accept` hides the next finding of its rule. An entry that lasts too long is never reviewed.",
    fix="Remove the entry.",
    find=_find,
)
