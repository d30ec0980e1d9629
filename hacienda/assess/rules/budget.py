"""BUDGET: times that contradict each other, or a failure that takes longer than it should."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each contradiction; those about pools and the proxy's time-outs are the rule TIMERS' own."""
    for one in subject.budget.contradictions:
        if one.rule == rule.id:
            yield Observation(one.where, one.reason, one.fix, one.severity, one.concerns)


rule = Rule(
    id="BUDGET",
    title="Times of which one makes another one useless",
    severity="warning",
    reason="A failure is noticed, decided and repaired by several programs one after the other; a time-out that ends before what "
    "it waits for turns a short outage into a long one, or into a false alarm.",
    fix="Change the time that is named; hacienda timers shows what each failure adds up to.",
    find=_find,
)
