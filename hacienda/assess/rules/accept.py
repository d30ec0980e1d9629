"""ACCEPT: an exception that excepts nothing, or that never ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from hacienda.assess import acceptance
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

LONGEST = timedelta(days=2 * 366)
"""Two years: whoever accepted it has moved on by then."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each entry of `accept` that no finding needs, or that looks too far ahead."""
    for position, entry in enumerate(subject.cloud.accepts):
        where = f"accept[{position}]"
        concerns = (entry.rule, entry.concerns) if entry.concerns else (entry.rule,)
        if not any(acceptance.matches(entry, finding) for finding in subject.found):
            about = f" about {entry.concerns}" if entry.concerns else ""
            reason = f"nothing is found by {entry.rule}{about}: this accepts what may come one day, unseen."
            yield Observation(where, reason, concerns=concerns)
        elif entry.until - subject.today > LONGEST:
            reason = f"{entry.rule} is accepted until {entry.until}: nobody will look at it again before."
            yield Observation(where, reason, "Choose a day within the next two years.", concerns=concerns)


rule = Rule(
    id="ACCEPT",
    title="An exception that excepts nothing, or that never ends",
    severity="warning",
    reason="An entry of `accept` that is left over hides the next finding of its rule, and one without an end is never "
    "looked at again.",
    fix="Remove the entry.",
    find=_find,
)
