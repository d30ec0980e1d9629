"""NAME: two environments with one name."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each other environment of the project with the same name or domain."""
    cloud = subject.cloud
    for other in subject.others:
        file = other.source.file if other.source else other.name
        if other.name == cloud.name:
            reason = f"is also the name in {file}: both keep state and secrets in .hacienda/{cloud.name}."
            yield Observation("name", reason, concerns=(other.name, file))
        elif other.domain == cloud.domain:
            reason = f"{cloud.domain} is also the domain in {file}: one name may mean machines or virtual IPs of both."
            fix = "Give each its own domain."
            yield Observation("domain", reason, fix, "warning", (other.name, file))


rule = Rule(
    id="NAME",
    title="Two environments with one name",
    severity="error",
    reason="State, secrets and stacks are kept by name. Applying one environment destroys what the other one made.",
    fix="Give each its own name.",
    find=_find,
)
