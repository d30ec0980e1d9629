"""DOMAIN: a failure domain with so many voters that its loss costs the majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from hacienda import quorum
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Node
from hacienda.environment.machines import DomainKind


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each failure domain whose loss costs a majority, and one if the file does not say where voters are."""
    cloud = subject.cloud
    electorates = {
        tuple(node.name for node in cloud.members(service.name)): service.name
        for service in cloud.services
        if service.voters
    }
    told = set()
    for names, service in electorates.items():
        voters = tuple(cloud.node(name) for name in names)
        for kind in get_args(DomainKind):
            for name, held in sorted(_held(voters, kind).items()):
                left = [voter.name for voter in voters if voter.domains.get(kind) != name]
                everyone = {voter.name: 1 for voter in voters}
                if len(voters) >= 3 and not quorum.holds(everyone, left) and (kind, name) not in told:
                    told.add((kind, name))
                    reason = f"losing {kind} {name} takes {held} of {len(voters)} voters, and with them {service}'s majority."
                    fix = f"Spread them over at least three ({{spread: {kind}}})."
                    yield Observation("machines.controller", reason, fix, concerns=(name, service))
    if subject.lab:
        yield from _one_machine(cloud)
        return
    unknown = [name for names in electorates for name in names if not _placed(cloud, cloud.node(name))]
    if unknown:
        reason = f"the file does not say which failure domain {unknown[0]} is in: one rack may hold every voter."
        yield Observation("machines.controller", reason, severity="info", concerns=tuple(unknown))


def _one_machine(cloud: Cloud) -> Iterator[Observation]:
    """Containers that Incus makes share one host, even if the file names racks."""
    voters = cloud.voting
    if len(voters) > 1:
        reason = f"all {len(voters)} voters are containers on one machine: if it is lost, so is the cloud."
        fix = "Use separate machines (platform: existing); for a lab, accept this."
        yield Observation("platform", reason, fix, concerns=tuple(voter.name for voter in voters))


def _placed(cloud: Cloud, node: Node) -> bool:
    """Whether the file says where a machine is; for a container, on which host."""
    return "host" in node.domains if cloud.platform.containers else bool(node.domains)


def _held(voters: tuple[Node, ...], kind: str) -> Counter[str]:
    return Counter(voter.domains[kind] for voter in voters if kind in voter.domains)


rule = Rule(
    id="DOMAIN",
    title="A majority of the voters shares a failure domain",
    severity="warning",
    reason="Common causes dominate the downtime of a redundant cloud. Three voters survive the loss of one machine, but not of a "
    "rack, power feed or host that two of them share.",
    fix="Name the failure domains, `domains: {rack: [a, b, c]}`, and spread the controllers: `spread: rack`.",
    find=_find,
)
