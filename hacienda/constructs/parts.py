"""The parts of an environment, in the order in which they are made. Each part is a separate stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hacienda.cloud.model import STACKS, Cloud

NETWORK = "network"
"""The part without machines: networks, and what all machines share."""

NEEDS: Mapping[str, tuple[str, ...]] = {
    NETWORK: (),
    "controller": (NETWORK,),
    "network-node": (NETWORK, "controller"),
    "storage": (NETWORK, "controller"),
    "compute": (NETWORK, "controller", "network-node", "storage"),
    "monitoring": (NETWORK, "controller"),
}
"""Part -> parts that must be healthy before it, in the order in which they are made."""


@dataclass(frozen=True)
class Part:
    """The machines of one part.

    Args:
        name: its name; the stack is `<environment>-<name>`.
        names: its nodes, in the cloud's order.
    """

    name: str
    names: tuple[str, ...]


def parts(cloud: Cloud) -> tuple[Part, ...]:
    """The parts that have machines, in order."""
    found: dict[str, list[str]] = {name: [] for name in NEEDS}
    for node in cloud.nodes:
        found[STACKS[node.role]].append(node.name)
    return tuple(Part(name, tuple(names)) for name, names in found.items() if names)
