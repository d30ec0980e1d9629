"""What a client's request runs through, derived from what services declare: `requires` and `provides`, members, voters, VIPs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hacienda import quorum
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.figures import Assumptions
from hacienda.assess.availability.inventory import Inventory, chain
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Service

ENTRANCE = ("load balancer", "virtual ip")
"""Capabilities that one machine must offer together: an address without a load balancer behind it serves nobody."""

NOT_TO_SERVE = ("coordination", "cache")
"""Capabilities whose loss no request feels: without etcd's quorum nothing is founded or restarted, and starts never lock;
without a cache answers are computed anew (docs/reference.md#coordination, docs/reference.md#memcached)."""


@dataclass(frozen=True)
class Kind:
    """One kind of path.

    Args:
        name: for people.
        capability: what its service provides; empty: every service with an entry in the catalogue.
        provider: who would provide it in an OpenStack cloud, for environments without it.
    """

    name: str
    capability: str
    provider: str


KINDS = (
    Kind("API request", "", "a service with an entry in the catalogue"),
    Kind("database write", "database", "Galera"),
    Kind("message", "message queue", "RabbitMQ"),
    Kind("network path of an instance", "instance network", "OVN or Neutron's agents"),
    Kind("volume I/O", "block storage", "Ceph or Cinder"),
)


@dataclass(frozen=True)
class Switch:
    """A service of which one member at a time serves a client, and another takes over.

    Args:
        service: the service, or `entrance`.
        members: each member's own tree, the active one first.
    """

    service: str
    members: tuple[Tree, ...]


@dataclass(frozen=True)
class Path:
    """What must work for one kind of request.

    Args:
        name: kind of path.
        services: services on the way, in start order.
        tree: when it works.
        switches: services that fail over on the way.
    """

    name: str
    services: tuple[str, ...]
    tree: Tree
    switches: tuple[Switch, ...]

    def triggers(self, switch: Switch) -> tuple[Part, ...]:
        """Parts whose loss takes the active member but leaves the path: they make it fail over."""
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
    found = ((kind, _entries(cloud, kind)) for kind in KINDS)
    return tuple(_path(kind.name, _needed(cloud, entries), cloud, assumptions) for kind, entries in found if entries)


def absent(cloud: Cloud) -> tuple[Kind, ...]:
    """Kinds of path whose systems are not in the environment."""
    return tuple(kind for kind in KINDS if not _entries(cloud, kind))


def _entries(cloud: Cloud, kind: Kind) -> tuple[Service, ...]:
    if not kind.capability:
        return tuple(service for service in cloud.services if service.catalogue)
    return tuple(service for service in cloud.services if kind.capability in service.provides)


def _needed(cloud: Cloud, entries: Iterable[Service]) -> tuple[Service, ...]:
    """The entries and everything that serving takes, in start order."""
    names: set[str] = set()
    waiting = list(entries)
    while waiting:
        service = waiting.pop()
        if service.name not in names:
            names.add(service.name)
            wanted = (capability for capability in service.requires if capability not in NOT_TO_SERVE)
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
    """When a service works, and its members that can serve a client: an arbiter votes, but has nothing to serve."""
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
