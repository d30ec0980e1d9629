"""NPLUS1: after the loss of one machine, the others lack the CPU, memory or disk to take over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node
from hacienda.declare import Role
from hacienda.environment.machines import DomainKind

_ROLES: tuple[Role, ...] = ("compute", "storage")
"""Roles whose load moves to the others when a machine is lost."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each role and resource of which one machine, or one failure domain, has more than all others.

    It needs the size of every machine of the role in the file. The cloud's real load is not known here.
    """
    for role in _ROLES:
        nodes = subject.cloud.role(role)
        for what, sizes in _sizes(nodes).items():
            for name, where in _giants(nodes, sizes):
                reason = (
                    f"{name} has more {what} than the other {role} machines together: nothing can take over from it."
                )
                yield Observation(f"machines.{role}", reason, concerns=(where,))


def _giants(nodes: tuple[Node, ...], sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The machine, or else the failure domain, that has more than half of a resource, as words and name."""
    whole = sum(sizes.values())
    largest = max(sizes, key=lambda name: sizes[name])
    if 2 * sizes[largest] > whole:
        yield largest, largest
        return
    for kind in get_args(DomainKind):
        held: Counter[str] = Counter()
        for node in nodes:
            held[node.domains.get(kind, "")] += sizes[node.name]
        for name, size in held.items():
            if name and len(held) > 1 and 2 * size > whole:
                yield f"{kind} {name}", name


def _sizes(nodes: tuple[Node, ...]) -> Mapping[str, Mapping[str, int]]:
    """Resource -> node -> size, for the resources that the file gives for every node. Empty for fewer than two nodes."""
    if len(nodes) < 2:
        return {}
    stated = {
        "processors": {node.name: node.cpus for node in nodes if node.cpus is not None},
        "memory": {node.name: node.memory for node in nodes if node.memory is not None},
    }
    for purpose in sorted({purpose for node in nodes for purpose in node.disks}):
        stated[f"{purpose} disk"] = {node.name: node.disks.get(purpose, 0) for node in nodes}
    return {what: sizes for what, sizes in stated.items() if len(sizes) == len(nodes)}


rule = Rule(
    id="NPLUS1",
    title="The survivors cannot take over",
    severity="warning",
    reason="When a compute machine fails, its instances start on the others. When a storage machine fails, the others copy its "
    "data. They need the room for it.",
    fix="Use machines of about the same size.",
    find=_find,
)
