"""NPLUS1: the machines that survive the loss of one have not the CPU, memory or disk to take over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud, Node, Role

_ROLES: tuple[Role, ...] = ("compute", "storage")
"""Roles whose load moves to the others when a machine is lost."""


def find(cloud: Cloud) -> Iterator[Finding]:
    """One finding for each role and resource of which one machine has more than all others together.

    Only where the file gives the size of every machine of the role; what the cloud really carries is not known here.
    """
    for role in _ROLES:
        nodes = cloud.role(role)
        for what, sizes in _sizes(nodes).items():
            largest = max(sizes, key=lambda name: sizes[name])
            if sizes[largest] <= sum(sizes.values()) - sizes[largest]:
                continue
            reason = (
                f"{largest} has more {what} than the other {role} machines together: nothing can take over from it."
            )
            fix = "Share it out over machines of about the same size."
            yield Finding("NPLUS1", "warning", f"machines.{role}", reason, fix)


def _sizes(nodes: tuple[Node, ...]) -> Mapping[str, Mapping[str, int]]:
    """Resource -> node -> size, for the resources that every node states, where there are two nodes at least."""
    if len(nodes) < 2:
        return {}
    stated = {
        "processors": {node.name: node.cpus for node in nodes if node.cpus is not None},
        "memory": {node.name: node.memory for node in nodes if node.memory is not None},
    }
    for purpose in sorted({purpose for node in nodes for purpose in node.disks}):
        stated[f"{purpose} disk"] = {node.name: node.disks.get(purpose, 0) for node in nodes}
    return {what: sizes for what, sizes in stated.items() if len(sizes) == len(nodes)}
