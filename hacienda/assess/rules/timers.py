"""TIMERS: time-outs that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about database clients whose time-outs contradict the load balancer's."""
    for one in subject.budget.contradictions:
        if one.rule == rule.id:
            yield Observation(one.where, one.reason, one.fix, one.severity, one.concerns)


rule = Rule(
    id="TIMERS",
    title="Time-outs that contradict each other",
    severity="error",
    reason="A client must wait longer than the program that it waits for. Otherwise a request ends in an error while its answer is "
    "on the way, or a client uses a connection that the proxy has dropped.",
    fix="Let services renew connections well before the proxy drops them.",
    find=_find,
)
