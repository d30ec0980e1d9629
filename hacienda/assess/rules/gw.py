"""GW: fewer than two gateways out of the cloud."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node
from hacienda.environment.machines import DomainKind


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each external network with fewer than two machines on it, or with all of them in one failure domain."""
    cloud = subject.cloud
    for network in cloud.networks:
        if "external" not in network.purposes or not cloud.role("compute"):
            continue
        gateways = cloud.gateways(network)
        where = f"networks.{network.name}"
        if len(gateways) < 2:
            few = f"only {gateways[0].name} connects" if gateways else "no machine connects"
            reason = f"{few} the instances to {network.name}."
            fix = "Use two network machines (machines.network: 2)"
            fix += f", and `roles: [network]` for {network.name}." if "network" not in network.roles else "."
            if not cloud.role("network"):
                fix = "Use two network machines (machines.network: 2), or two controllers on this network."
            if cloud.provider("logical network") is None:
                fix = "Add network machines (machines.network: 2), or name other `roles` for this network."
            yield Observation(where, reason, fix, None if gateways else "error", (network.name,))
            continue
        for kind in get_args(DomainKind):
            shared = _shared(gateways, kind)
            if shared and any(node.domains.get(kind, shared) != shared for node in cloud.nodes):
                count = len(gateways)
                reason = (
                    f"all {count} gateways of {network.name} are in {kind} {shared}: its loss cuts off every instance."
                )
                yield Observation(where, reason, f"Spread them: `spread: {kind}`.", concerns=(network.name, shared))


def _shared(nodes: tuple[Node, ...], kind: str) -> str | None:
    """The failure domain that all nodes share; None if they are in several, or if it is unknown."""
    names = {node.domains.get(kind) for node in nodes}
    return names.pop() if len(names) == 1 else None


rule = Rule(
    id="GW",
    title="Fewer than two gateways",
    severity="warning",
    reason="Routers, DHCP and floating IPs move to another gateway within seconds, but only if there is another one.",
    fix="Use at least two machines, in different failure domains, for each external network.",
    find=_find,
)
