"""BUDGET: times that contradict each other, or a failure that lasts longer than its target."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each contradiction. The rule TIMERS reports those about pools and the proxy's time-outs."""
    for one in subject.budget.contradictions:
        if one.rule == rule.id:
            yield Observation(one.where, one.reason, one.fix, one.severity, one.concerns)


rule = Rule(
    id="BUDGET",
    title="Times that make one another useless, or a slow failover",
    severity="warning",
    reason="Several programs notice, decide and repair a failure one after the other. A time-out that ends before the event that "
    "it waits for turns a short outage into a long one, or into a false alarm.",
    fix="Change the named time; `hacienda timers` shows the sum for each failure.",
    find=_find,
)
