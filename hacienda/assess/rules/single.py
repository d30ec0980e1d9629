"""SINGLE: one instance of a service."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each machine that is the only one with some services. The rule VOTERS covers services that vote."""
    cloud = subject.cloud
    alone: dict[str, list[str]] = {}
    for service in cloud.services:
        members = cloud.members(service.name)
        if not service.everywhere and not service.voters and len(members) == 1:
            alone.setdefault(members[0].name, []).append(service.name)
    for name, services in alone.items():
        verb = "runs" if len(services) == 1 else "run"
        reason = f"{', '.join(services)} {verb} only on {name}, and no machine can take over."
        role = cloud.node(name).role
        fix = f"Add at least one more {role} machine."
        yield Observation(f"machines.{role}", reason, fix, concerns=(name, *services))


rule = Rule(
    id="SINGLE",
    title="One instance of a service",
    severity="warning",
    reason="A service that runs on one machine is down for as long as that machine.",
    fix="Give the role a second machine; three are better, so that one may fail while another is being repaired.",
    find=_find,
)
