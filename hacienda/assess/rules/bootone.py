"""BOOTONE: a cluster that may be founded twice, or by nobody."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service whose first start is claimed from nobody, or whose members cannot reach the claims."""
    cloud, registrar = subject.cloud, subject.cloud.provider("coordination")
    for service in cloud.services:
        members = cloud.members(service.name)
        if service.bootstrap is None or "coordination" in service.provides:
            continue
        where = f"machines.{members[0].role}"
        if registrar is None or "coordination" not in service.requires:
            reason = (
                f"{service.name} is founded by whichever of its {len(members)} members starts first, or by several."
            )
            yield Observation(where, reason, concerns=(service.name,))
            continue
        outside = [node.name for node in members if registrar.name not in node.services]
        if outside:
            reason = (
                f"{', '.join(outside)} may found {service.name}, but cannot claim it: {registrar.name} is not there."
            )
            yield Observation(where, reason, concerns=(service.name, *outside))


rule = Rule(
    id="BOOTONE",
    title="A cluster that may be founded twice",
    severity="error",
    reason="A cluster is founded once, by the one member that claimed it. Two founders make two clusters with the same name "
    "and different data; none makes a cloud that never starts.",
    fix="Let the service require `coordination`, and run it where the coordination service is.",
    find=_find,
)
