"""OBS: monitoring that fails with what it watches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.environment.machines import DomainKind


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if a cloud with compute machines has fewer than two monitoring machines, or all in one failure domain."""
    cloud = subject.cloud
    watching = cloud.role("monitoring")
    if subject.lab or not cloud.role("compute"):
        return
    if len(watching) < 2:
        few = f"only {watching[0].name} monitors the cloud" if watching else "nothing monitors the cloud"
        reason = f"{few}: when something fails, the customers may notice it first."
        yield Observation("machines.monitoring", reason, concerns=tuple(node.name for node in watching))
        return
    for kind in get_args(DomainKind):
        names = {node.domains.get(kind) for node in watching}
        watched = {node.domains[kind] for node in cloud.nodes if kind in node.domains}
        if len(names) == 1 and len(watched) > 1 and names <= watched:
            [name] = names
            reason = f"all {len(watching)} monitoring machines are in {kind} {name}, which they watch: nothing reports its loss."
            yield Observation("machines.monitoring", reason, f"Spread them: `spread: {kind}`.", concerns=(str(name),))


rule = Rule(
    id="OBS",
    title="Monitoring that fails with what it watches",
    severity="warning",
    reason="An alert must come from outside what has failed. Two monitoring machines in two failure domains also watch each other.",
    fix="Use two monitoring machines in different failure domains (machines.monitoring: 2).",
    find=_find,
)
