"""Paths: what must work for a client's request, or for what a tenant does. They are derived from what services declare: the
capabilities that they require, the copies that they keep, and where they stand in a tenant's path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from hacienda import quorum
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.figures import Assumptions
from hacienda.assess.availability.inventory import Inventory, chain, rack
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Capability, Deed, Redundancy, Service, Station

ENTRANCE = ("load balancer", "virtual ip")
"""Capabilities that one machine must offer together, because an address without a load balancer serves nobody."""

SYSTEMS: tuple[tuple[str, Capability], ...] = (
    ("database write", "database"),
    ("message", "message queue"),
)
"""What services ask of one another besides API requests, and the capability that each needs."""

SPARES = 5
"""Machines that are counted where any one of many is enough. With this many, their number no longer shows in the estimate: only the
common causes do. Hundreds of them would only make the diagram large."""


@dataclass(frozen=True)
class Posted:
    """A station with its machines.

    Args:
        service: the service that declares it.
        station: the declaration.
        beside: services whose daemons must work on the same machine.
        nodes: machines of which one must work, or the one that the tenant's instance is on.
    """

    service: Service
    station: Station
    beside: tuple[Service, ...]
    nodes: tuple[Node, ...]

    @property
    def daemons(self) -> tuple[Service, ...]:
        """Services whose daemons must work on the machine."""
        return (self.service, *self.beside) if self.station.daemon else self.beside


@dataclass(frozen=True)
class Kind:
    """One kind of path.

    Args:
        name: name for people.
        services: services that must be served anywhere in the cloud, in start order.
        posts: stations on the path.
    """

    name: str
    services: tuple[Service, ...]
    posts: tuple[Posted, ...] = ()


def kinds(cloud: Cloud) -> Iterator[Kind]:
    """One kind for each front end of an API, one for each system that services use, and one for each deed of a tenant."""
    for service in cloud.services:
        yield from (Kind(name, _needed(cloud, (service,))) for name in _apis(service))
    for name, capability in SYSTEMS:
        provider = cloud.provider(capability)
        if provider is not None:
            yield Kind(name, _needed(cloud, (provider,)))
    for deed in get_args(Deed):
        if not _lacks(cloud, deed):
            yield _tenant(cloud, deed)


@dataclass(frozen=True)
class Switch:
    """A service whose members take over from one another.

    Args:
        service: the service, or `entrance`.
        members: the tree of each member, the active one first.
        every: True: all members serve at the same time, each its share, so clients notice the loss of any of them.
    """

    service: str
    members: tuple[Tree, ...]
    every: bool = False

    @property
    def serving(self) -> Tree:
        """What must work so that nothing has to take over."""
        return All(self.members) if self.every else self.members[0]


@dataclass(frozen=True)
class Path:
    """What must work for one kind of request.

    Args:
        name: kind of path.
        services: services on the path, in start order.
        tree: what must work.
        switches: services on the path that fail over.
        own: what the tenant's own machine is called among the parts' labels: one machine, which no other replaces. Empty: the path
            has none.
    """

    name: str
    services: tuple[str, ...]
    tree: Tree
    switches: tuple[Switch, ...]
    own: str = ""

    def triggers(self, switch: Switch) -> tuple[Part, ...]:
        """Parts whose loss stops what serves but not the path, so that the service fails over."""
        return tuple(
            part
            for part in trees.parts(switch.serving)
            if not trees.works(switch.serving, {part.name}) and trees.works(self.tree, {part.name})
        )


def paths(cloud: Cloud, assumptions: Assumptions, only: str = "") -> tuple[Path, ...]:
    """Every path that the cloud has.

    Args:
        cloud: the resolved cloud.
        assumptions: how parts fail.
        only: name of the one path that is wanted. Default: all.
    """
    return tuple(_path(kind, cloud, assumptions) for kind in kinds(cloud) if only in ("", kind.name))


def absent(cloud: Cloud) -> Iterator[tuple[str, str]]:
    """What nobody can do here, and what is missing for it."""
    for name, capability in SYSTEMS:
        if cloud.provider(capability) is None:
            yield name, f"no service here provides {capability}"
    for deed in get_args(Deed):
        lacks = _lacks(cloud, deed)
        if lacks:
            yield deed, lacks


def counted(service: Service) -> Iterator[tuple[Redundancy, str]]:
    """Copies of a service that machines of another one hold, with the name of that one."""
    return ((kept, kept.held_by) for kept in service.redundancy if kept.domain is not None and kept.held_by)


def holders(cloud: Cloud, kept: Redundancy) -> dict[str, list[Node]]:
    """Failure domain -> the machines there that hold copies."""
    found: dict[str, list[Node]] = {}
    for node in cloud.members(kept.held_by):
        domain = kept.domain(cloud, node) if kept.domain is not None else ""
        if domain:
            found.setdefault(domain, []).append(node)
    return found


def _apis(service: Service) -> Iterator[str]:
    """Names of a service's balanced APIs: by the type of its catalogue entry, or by service and port."""
    for front in service.frontends:
        listed = [f"{entry.type} API" for entry in service.catalogue if entry.port == front.port]
        if front.mode == "http":
            yield from listed or (f"{service.name} {front.port}",)


def _stations(cloud: Cloud, deed: Deed) -> Iterator[tuple[Service, Station]]:
    return ((service, one) for service in cloud.registry for one in service.stands_in if one.deed == deed)


def _lacks(cloud: Cloud, deed: Deed) -> str:
    """What is missing for a deed; empty: nothing."""
    stations = tuple(_stations(cloud, deed))
    if not stations:
        return "no service here stands in its path"
    for service, station in stations:
        for capability in station.beside:
            if cloud.provider(capability) is None:
                return f"no service here provides {capability}"
        if not any(station.on(cloud, node) for node in cloud.members(service.name)):
            return f"no machine here serves it with {service.name}"
        for needed in _needed(cloud, _wanted(cloud, station)):
            for kept, holder in counted(needed):
                if not holders(cloud, kept):
                    return f"no machine here holds {kept.of} with {holder}"
    return ""


def _wanted(cloud: Cloud, station: Station) -> tuple[Service, ...]:
    return tuple(cloud.registry.provider(capability) for capability in station.needs)


def _tenant(cloud: Cloud, deed: Deed) -> Kind:
    stations = tuple(_stations(cloud, deed))
    posts = tuple(
        Posted(
            service,
            station,
            tuple(cloud.registry.provider(capability) for capability in station.beside),
            _posts(tuple(node for node in cloud.members(service.name) if station.on(cloud, node)), station),
        )
        for service, station in stations
    )
    wanted = tuple(service for _, station in stations for service in _wanted(cloud, station))
    return Kind(deed, _needed(cloud, wanted), posts)


def _posts(nodes: tuple[Node, ...], station: Station) -> tuple[Node, ...]:
    """The machines of a station that are counted: the tenant's own, or some in as many racks as possible."""
    if station.which == "own":
        return nodes[:1]
    seen: dict[str, int] = {}
    turns = []
    for node in nodes:
        turns.append(seen.setdefault(rack(node), 0))
        seen[rack(node)] += 1
    first = sorted(range(len(nodes)), key=lambda index: (turns[index], index))[:SPARES]
    return tuple(nodes[index] for index in sorted(first))


def _needed(cloud: Cloud, entries: Iterable[Service]) -> tuple[Service, ...]:
    """Services and everything that they need to serve, in start order. What they need only to start is left out."""
    names: set[str] = set()
    waiting = list(entries)
    while waiting:
        service = waiting.pop()
        if service.name not in names:
            names.add(service.name)
            wanted = set(service.requires) - set(service.serves_without)
            waiting += [cloud.registry.provider(capability) for capability in wanted]
    return tuple(service for service in cloud.services if service.name in names)


def _path(kind: Kind, cloud: Cloud, assumptions: Assumptions) -> Path:
    nodes = {node.name: node for service in kind.services for node in _machines(cloud, service)}
    posted = {node.name: node for post in kind.posts for node in post.nodes}
    inventory = Inventory(cloud, assumptions, tuple({**nodes, **posted}.values()), _daemons(kind, cloud))
    entrance = tuple(service for service in kind.services if set(service.provides) & set(ENTRANCE))
    gates: list[Tree] = []
    switches: list[Switch] = []
    if entrance and cloud.virtual_ips:
        holding = tuple(n for n in nodes.values() if all(service.name in n.services for service in entrance))
        members = _members(entrance, holding, inventory)
        gates.append(AtLeast(1, members))
        switches.append(Switch("entrance", members))
    for service in (service for service in kind.services if service not in entrance):
        gate, switch = _service(service, cloud, inventory, assumptions)
        gates += gate
        switches.append(switch)
    for post in kind.posts:
        members = _members(post.daemons, post.nodes, inventory)
        gates.append(AtLeast(1, members))
        switches.append(Switch(post.service.name, members))
    tree = All((*inventory.between(), *inventory.common_causes(), *gates))
    own = {inventory.label(node) for post in kind.posts if post.station.which == "own" for node in post.nodes}
    return Path(
        kind.name,
        tuple(service.name for service in cloud.services if service.name in _named(kind)),
        tree,
        tuple(one for one in switches if len(one.members) > 1),
        " and ".join(sorted(own)),
    )


def _named(kind: Kind) -> set[str]:
    """Names of all services on a path."""
    served = {service.name for service in kind.services}
    served |= {holder for service in kind.services for _, holder in counted(service)}
    return served | {service.name for post in kind.posts for service in (post.service, *post.beside)}


def _daemons(kind: Kind, cloud: Cloud) -> Mapping[str, int]:
    """Service -> number of machines on the path with a daemon of it that matters."""
    on: dict[str, set[str]] = {}
    for service in kind.services:
        on.setdefault(service.name, set()).update(node.name for node in cloud.members(service.name))
        for kept, holder in counted(service):
            for group in holders(cloud, kept).values():
                on.setdefault(holder, set()).update(node.name for node in group)
    for post in kind.posts:
        for service in post.daemons:
            on.setdefault(service.name, set()).update(node.name for node in post.nodes)
    return {name: len(nodes) for name, nodes in on.items()}


def _machines(cloud: Cloud, service: Service) -> tuple[Node, ...]:
    """Machines of a service, and those that hold its copies."""
    others = (node for kept, _ in counted(service) for group in holders(cloud, kept).values() for node in group)
    return (*cloud.members(service.name), *others)


def _service(
    service: Service, cloud: Cloud, inventory: Inventory, assumptions: Assumptions
) -> tuple[list[Tree], Switch]:
    """What must work for a service, and its members that can serve a client.

    An arbiter votes, but cannot serve. Where machines of another service hold copies, clients ask those, so the loss of a member is
    no failover.
    """
    nodes = cloud.members(service.name)
    everyone = _members((service,), nodes, inventory)
    serving = tuple(member for member, node in zip(everyone, nodes, strict=True) if node.role != "arbiter")
    gates: list[Tree] = [AtLeast(1, serving)]
    if service.voters:
        majority = AtLeast(quorum.majority(dict.fromkeys((node.name for node in nodes), 1)), everyone)
        gates = [majority] if len(serving) == len(everyone) else [majority, AtLeast(1, serving)]
    switch = Switch(service.name, serving)
    for kept, holder in counted(service):
        groups = holders(cloud, kept)
        if groups:
            remade = _remade(cloud, kept, groups, assumptions)
            domains = (
                _members((cloud.registry[holder],), tuple(group), inventory, remade) for group in groups.values()
            )
            # A domain works while all its machines work: a machine holds data that no other one of its domain holds.
            serve = tuple(each[0] if len(each) == 1 else All(each) for each in domains)
            switch = Switch(holder, serve, every=True)
            gates.append(AtLeast(_least(cloud, kept, groups), switch.members))
    return gates, switch


def _least(cloud: Cloud, kept: Redundancy, groups: dict[str, list[Node]]) -> int:
    """Failure domains that must work. Data is spread over all of them, so each set of as many domains as there are copies holds all
    copies of something: no more may be away than copies may."""
    copies = kept.copies(cloud)
    return max(1, len(groups) - copies + min(kept.minimum, copies))


def _remade(cloud: Cloud, kept: Redundancy, groups: dict[str, list[Node]], assumptions: Assumptions) -> float | None:
    """Hours after which the copies that a lost machine held exist again on others. None: there is no room for them elsewhere."""
    copies = kept.copies(cloud)
    if kept.remade_after is None or len(groups) <= copies or copies < 2:
        return None
    others = sum(map(len, groups.values())) - 1
    return kept.remade_after(cloud) / 3600 + assumptions.copying_hours / others


def _members(
    services: tuple[Service, ...], nodes: tuple[Node, ...], inventory: Inventory, remade: float | None = None
) -> tuple[Tree, ...]:
    return tuple(
        chain(
            inventory.machine(node, remade),
            *(inventory.process(service.name, node) for service in services),
        )
        for node in nodes
    )
