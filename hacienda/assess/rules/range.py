"""RANGE: addresses that two environments claim."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import claims
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each virtual IP and each range of addresses that another environment of the project also claims."""
    for other in subject.others:
        for conflict in claims.conflicts(subject.cloud, other):
            if conflict.kind == "virtual ip":
                fix = "Give each environment its own virtual IP."
                yield Observation(conflict.where, conflict.reason, fix, "error", conflict.concerns)
            elif conflict.kind == "range":
                yield Observation(conflict.where, conflict.reason, concerns=conflict.concerns)


rule = Rule(
    id="RANGE",
    title="Addresses that two environments claim",
    severity="warning",
    reason="Two machines with one address answer in turn. Two sites with one range cannot be reached from one place, and cannot "
    "be joined later.",
    fix="Give each environment its own `cidr`, or its own `range` of a shared network.",
    find=_find,
)
