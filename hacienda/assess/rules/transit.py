"""TRANSIT: controllers that carry the traffic of instances to and from the world."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each external network whose gateways are controllers.

    Without a logical network nobody knows which machines of a network carry traffic.
    """
    cloud = subject.cloud
    if cloud.provider("logical network") is None:
        return
    for network in cloud.networks:
        carriers = [node for node in cloud.gateways(network) if node.role == "controller"]
        if "external" not in network.purposes or not carriers:
            continue
        names = ", ".join(node.name for node in carriers)
        reason = (
            f"{names} {'carry' if len(carriers) > 1 else 'carries'} the traffic of instances to {network.name} beside the control "
            "plane, because the file has no network machine."
        )
        yield Observation(f"networks.{network.name}", reason, concerns=(network.name,))


rule = Rule(
    id="TRANSIT",
    title="Controllers carry tenants' traffic",
    severity="warning",
    reason="Packets of tenants, and floods of them, take processor time and bandwidth from the cluster members on these machines. "
    "The machines with every key of the cloud have a card in the network from which attacks come.",
    fix="Add network machines (`machines: {network: 2}`). Accept this in a small cloud.",
    find=_find,
)
