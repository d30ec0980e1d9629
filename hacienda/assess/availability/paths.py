"""Paths: what must work for a client's request. They are derived from the capabilities that services declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hacienda import quorum
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.figures import Assumptions
from hacienda.assess.availability.inventory import Inventory, chain
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Capability, Service

ENTRANCE = ("load balancer", "virtual ip")
"""Capabilities that one machine must offer together, because an address without a load balancer serves nobody."""

TENANT: tuple[tuple[str, Capability], ...] = (
    ("database write", "database"),
    ("message", "message queue"),
    ("network path of an instance", "instance network"),
    ("volume I/O", "block storage"),
)
"""What clients or tenants do besides API requests, and the capability that each needs."""


@dataclass(frozen=True)
class Kind:
    """One kind of path.

    Args:
        name: name for people.
        service: service at the end of the path.
    """

    name: str
    service: Service


def kinds(cloud: Cloud) -> Iterator[Kind]:
    """One kind for each API in the catalogue, and one for each thing that a tenant can do here."""
    for service in cloud.services:
        yield from (Kind(f"{entry.type} API", service) for entry in service.catalogue)
    for name, capability in TENANT:
        provider = cloud.provider(capability)
        if provider is not None:
            yield Kind(name, provider)


@dataclass(frozen=True)
class Switch:
    """A service of which one member at a time serves a client, and another one takes over.

    Args:
        service: the service, or `entrance`.
        members: the tree of each member, the active one first.
    """

    service: str
    members: tuple[Tree, ...]


@dataclass(frozen=True)
class Path:
    """What must work for one kind of request.

    Args:
        name: kind of path.
        services: services on the path, in start order.
        tree: what must work.
        switches: services on the path that fail over.
    """

    name: str
    services: tuple[str, ...]
    tree: Tree
    switches: tuple[Switch, ...]

    def triggers(self, switch: Switch) -> tuple[Part, ...]:
        """Parts whose loss stops the active member but not the path, so that the service fails over."""
        return tuple(
            part
            for part in trees.parts(switch.members[0])
            if not trees.works(switch.members[0], {part.name}) and trees.works(self.tree, {part.name})
        )


def paths(cloud: Cloud, assumptions: Assumptions) -> tuple[Path, ...]:
    """Every path that the cloud has.

    Args:
        cloud: the resolved cloud.
        assumptions: how parts fail.
    """
    return tuple(_path(kind.name, _needed(cloud, kind.service), cloud, assumptions) for kind in kinds(cloud))


def absent(cloud: Cloud) -> Iterator[tuple[str, Capability]]:
    """What a tenant cannot do here, and the capability that no service provides."""
    return ((name, capability) for name, capability in TENANT if cloud.provider(capability) is None)


def _needed(cloud: Cloud, entry: Service) -> tuple[Service, ...]:
    """A service and everything that it needs to serve, in start order. What it needs only to start is left out."""
    names: set[str] = set()
    waiting = [entry]
    while waiting:
        service = waiting.pop()
        if service.name not in names:
            names.add(service.name)
            wanted = set(service.requires) - set(service.serves_without)
            waiting += [cloud.registry.provider(capability) for capability in wanted]
    return tuple(service for service in cloud.services if service.name in names)


def _path(name: str, services: tuple[Service, ...], cloud: Cloud, assumptions: Assumptions) -> Path:
    nodes = {node.name: node for service in services for node in cloud.members(service.name)}
    inventory = Inventory(cloud, assumptions, tuple(nodes.values()))
    entrance = tuple(service for service in services if set(service.provides) & set(ENTRANCE))
    others = tuple(service for service in services if service not in entrance)
    gates: list[Tree] = []
    switches: list[Switch] = []
    if entrance and cloud.virtual_ips:
        holders = tuple(n for n in nodes.values() if all(service.name in n.services for service in entrance))
        members = _members(entrance, holders, inventory)
        gates.append(AtLeast(1, members))
        switches.append(Switch("entrance", members))
    for service in others:
        gate, members = _service(service, cloud, inventory)
        gates += gate
        switches.append(Switch(service.name, members))
    tree = All((*inventory.between(), *inventory.common_causes(), *gates))
    return Path(name, tuple(s.name for s in services), tree, tuple(s for s in switches if len(s.members) > 1))


def _service(service: Service, cloud: Cloud, inventory: Inventory) -> tuple[list[Tree], tuple[Tree, ...]]:
    """What must work for a service, and its members that can serve a client. An arbiter votes, but cannot serve."""
    nodes = cloud.members(service.name)
    everyone = _members((service,), nodes, inventory)
    serving = tuple(member for member, node in zip(everyone, nodes, strict=True) if node.role != "arbiter")
    if not service.voters:
        return [AtLeast(1, serving)], serving
    majority = AtLeast(quorum.majority(dict.fromkeys((node.name for node in nodes), 1)), everyone)
    return [majority] if len(serving) == len(everyone) else [majority, AtLeast(1, serving)], serving


def _members(services: tuple[Service, ...], nodes: tuple[Node, ...], inventory: Inventory) -> tuple[Tree, ...]:
    return tuple(
        chain(
            inventory.machine(node),
            *(inventory.process(service.name, node, len(nodes)) for service in services),
        )
        for node in nodes
    )
