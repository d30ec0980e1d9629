"""DOMAIN: a failure domain holds so many voters that losing it loses the majority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from hacienda import quorum
from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud, Node
from hacienda.environment.machines import DomainKind


def find(cloud: Cloud) -> Iterator[Finding]:
    """One finding for each electorate and failure domain; one if nothing says where the voters are."""
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
                    reason = (
                        f"losing {kind} {name} takes {held} of {len(voters)} voters, {service}'s majority with them."
                    )
                    fix = f"Spread them over at least three ({{spread: {kind}}})."
                    yield Finding("DOMAIN", "warning", "machines.controller", reason, fix)
    unknown = [name for names in electorates for name in names if not cloud.node(name).domains]
    if unknown and not cloud.platform.containers:
        reason = f"nothing says which failure domain {unknown[0]} is in: one rack may hold every voter."
        fix = "Name them: `domains: {rack: [a, b, c]}` and `spread: rack`."
        yield Finding("DOMAIN", "info", "machines.controller", reason, fix)


def _held(voters: tuple[Node, ...], kind: str) -> Counter[str]:
    return Counter(voter.domains[kind] for voter in voters if kind in voter.domains)
