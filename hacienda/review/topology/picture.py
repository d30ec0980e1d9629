"""Content of a picture of a cloud, independent of its format. Equal machines share a box; single points of failure are marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from hacienda import quorum
from hacienda.assess import Finding
from hacienda.cloud.model import ABBREVIATIONS, Cloud, Network, Node
from hacienda.declare import Role
from hacienda.review.topology.marks import Mark, Marks

KINDS = ("zone", "rack", "power", "host")
"""Kinds of failure domains, outermost first."""

MOST_PLACES = 6
"""Most failure domains that are drawn side by side. If there are more, domains with equal content share a box."""


@dataclass(frozen=True)
class Machines:
    """One box: a machine, or several that differ only in their names.

    Args:
        names: names of the machines, in the cloud's order.
        role: role of the machines.
        address: address of a single machine on the management network; empty for several.
        services: services that do not run on every machine, in start order.
        votes: names in `services` whose members vote.
        marks: why the box is a single point of failure; empty: it is none.
    """

    names: tuple[str, ...]
    role: Role
    address: str
    services: tuple[str, ...]
    votes: tuple[str, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def others(self) -> tuple[str, ...]:
        """Services that do not vote."""
        return tuple(name for name in self.services if name not in self.votes)

    @property
    def title(self) -> str:
        """`ctl-1 10.0.0.11`, or `40 compute machines`."""
        if len(self.names) == 1:
            return f"{self.names[0]} {self.address}"
        return f"{len(self.names)} {self.role} machines"

    @property
    def named(self) -> str:
        """The names of several machines, `cmp-1 … cmp-40`; empty for one machine."""
        if len(self.names) < 4:
            return " ".join(self.names) if len(self.names) > 1 else ""
        return f"{self.names[0]} … {self.names[-1]}"


@dataclass(frozen=True)
class Place:
    """One failure domain, or several with equal content.

    Args:
        kind: one of KINDS; empty: the place holds everything that is in no failure domain.
        names: names of the domains.
        machines: boxes in it, voters first.
        places: failure domains inside it.
        marks: why it is a single point of failure; empty: it is none.
    """

    kind: str
    names: tuple[str, ...]
    machines: tuple[Machines, ...]
    places: tuple[Place, ...]
    marks: tuple[Mark, ...] = ()

    @property
    def title(self) -> str:
        """`rack a`, or `12 racks d … p, the same in each`."""
        if len(self.names) > 1:
            return f"{len(self.names)} {self.kind}s {self.names[0]} … {self.names[-1]}, the same in each"
        return f"{self.kind} {self.names[0]}" if self.kind else ""


@dataclass(frozen=True)
class Net:
    """A network: its name, its range `10.0.0.0/24`, its traits, and the roles connected to it."""

    name: str
    cidr: str
    traits: str
    roles: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Vip:
    """A virtual IP: the address, its host name and scopes, its network, and the nodes that can hold it."""

    address: str
    hostname: str
    scopes: str
    network: str
    holders: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class VoterGroup:
    """Services whose voters are the same machines, and the number of voters that make a majority."""

    services: tuple[str, ...]
    voters: tuple[str, ...]
    majority: int
    marks: tuple[Mark, ...] = ()

    @property
    def spare(self) -> int:
        """Number of voters that may fail."""
        return len(self.voters) - self.majority


@dataclass(frozen=True)
class Picture:
    """Everything that a format draws."""

    name: str
    title: str
    count: int
    networks: tuple[Net, ...]
    virtual_ips: tuple[Vip, ...]
    place: Place
    voter_groups: tuple[VoterGroup, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Every mark once."""
        marked = (*self.networks, *self.virtual_ips, *_inside(self.place), *self.voter_groups)
        return tuple(dict.fromkeys(mark for one in marked for mark in one.marks))

    @property
    def boxes(self) -> tuple[Machines, ...]:
        """Every box of machines."""
        return tuple(one for one in _inside(self.place) if isinstance(one, Machines))


def picture(cloud: Cloud, findings: Iterable[Finding] = ()) -> Picture:
    """The picture of a cloud.

    Args:
        cloud: the resolved cloud.
        findings: findings of its assessment; those of rules in `marks.MARKING` mark the boxes that they concern.
    """
    marks = Marks(findings)
    kinds = tuple(kind for kind in KINDS if any(kind in node.domains for node in cloud.nodes))
    return Picture(
        name=cloud.name,
        title=f"{cloud.name} · {cloud.region} · {cloud.domain}",
        count=len(cloud.nodes),
        networks=tuple(_network(network, cloud, marks) for network in cloud.networks),
        virtual_ips=tuple(_virtual_ips(cloud, marks)),
        place=_place("", "", cloud.nodes, kinds, cloud, marks),
        voter_groups=tuple(_voter_groups(cloud, marks)),
    )


def traits(network: Network) -> str:
    """Declared traits of a network: gateway, VLAN, MTU, bond, network card."""
    said = [f"gateway {network.gateway}"] if network.gateway else []
    said += [f"vlan {network.vlan}"] if network.vlan is not None else []
    said += [f"mtu {network.mtu}"] if network.mtu != Network.mtu else []
    said += [" over ".join([network.bond.mode, "+".join(network.bond.nics)])] if network.bond else []
    said += [f"on {network.nic}"] if network.nic else []
    return ", ".join(said)


def voter_groups(cloud: Cloud) -> dict[tuple[str, ...], list[str]]:
    """Names of voters -> services whose voters they are."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for service in cloud.services:
        if service.voters:
            groups.setdefault(tuple(node.name for node in cloud.members(service.name)), []).append(service.name)
    return groups


def _network(network: Network, cloud: Cloud, marks: Marks) -> Net:
    present = [role for role in ABBREVIATIONS if cloud.role(role)]
    on = [role for role in present if role in network.roles]
    roles = "every machine" if on == present else ", ".join(on)
    return Net(network.name, str(network.cidr), traits(network), roles, marks.of("network", network.name))


def _virtual_ips(cloud: Cloud, marks: Marks) -> Iterator[Vip]:
    holders = {node.name for s in cloud.services if "virtual ip" in s.provides for node in cloud.members(s.name)}
    names = tuple(node.name for node in cloud.nodes if node.name in holders)
    for vip in cloud.virtual_ips:
        found = marks.of("virtual ip", vip.network)
        yield Vip(str(vip.address), ", ".join(vip.hostnames), ", ".join(vip.scopes), vip.network, names, found)


def _voter_groups(cloud: Cloud, marks: Marks) -> Iterator[VoterGroup]:
    for voters, services in voter_groups(cloud).items():
        majority = quorum.majority(dict.fromkeys(voters, 1))
        yield VoterGroup(tuple(services), voters, majority, marks.of("voters", *services))


def _place(kind: str, name: str, nodes: Sequence[Node], kinds: Sequence[str], cloud: Cloud, marks: Marks) -> Place:
    """A failure domain. Machines outside every domain of the next kind are placed by the kind after it."""
    found = marks.of("domain", name) if kind else ()
    if not kinds:
        return Place(kind, (name,), tuple(_boxes(nodes, cloud, marks)), (), found)
    inner, *rest = kinds
    names = sorted({node.domains[inner] for node in nodes if inner in node.domains})
    inside = [
        _place(inner, one, [n for n in nodes if n.domains.get(inner) == one], rest, cloud, marks) for one in names
    ]
    outside = _place("", "", [node for node in nodes if inner not in node.domains], rest, cloud, marks)
    places = _merged(inside) if len(inside) > MOST_PLACES else inside
    return Place(kind, (name,), outside.machines, (*places, *outside.places), found)


def _boxes(nodes: Sequence[Node], cloud: Cloud, marks: Marks) -> Iterator[Machines]:
    """Boxes of machines. Each voter has its own box, and so has a machine with marks that no other one has."""
    alike: dict[object, list[Machines]] = {}
    for node in sorted(nodes, key=lambda node: (not cloud.voters(node), list(ABBREVIATIONS).index(node.role))):
        services = tuple(name for name in node.services if not cloud.registry[name].everywhere)
        votes = tuple(name for name in services if cloud.registry[name].voters)
        found = marks.of("machine", node.name)
        box = Machines((node.name,), node.role, str(cloud.address(node)), services, votes, found)
        key = (node.role, services, found, tuple(node.addresses), node.name if votes else "")
        alike.setdefault(key, []).append(box)
    for boxes in alike.values():
        yield _united(boxes)


def _united(boxes: Sequence[Machines]) -> Machines:
    if len(boxes) == 1:
        return boxes[0]
    return replace(boxes[0], names=tuple(name for box in boxes for name in box.names), address="")


def _merged(places: Sequence[Place]) -> list[Place]:
    """Places in which those with equal content become one. Places with voters or marks stay separate."""
    found: list[Place] = []
    ordered = sorted(places, key=lambda place: repr(_content(place)))
    for _, group in groupby(ordered, key=_content):
        same = list(group)
        if any(one.votes for one in _machines_in(same[0])) or any(one.marks for one in _inside(same[0])):
            found += same
            continue
        columns = zip(*(_machines_in(place) for place in same), strict=True)
        united = tuple(_united(column) for column in columns)
        names = tuple(name for place in same for name in place.names)
        found.append(replace(same[0], names=names, machines=united, places=()) if len(same) > 1 else same[0])
    return sorted(found, key=lambda place: (len(place.names), place.names))


def _content(place: Place) -> tuple[object, ...]:
    boxes = tuple((box.role, box.services, len(box.names)) for box in _machines_in(place))
    return place.kind, boxes, tuple(mark for one in _inside(place) for mark in one.marks)


def _machines_in(place: Place) -> tuple[Machines, ...]:
    return tuple(one for one in _inside(place) if isinstance(one, Machines))


def _inside(place: Place) -> Iterator[Place | Machines]:
    yield place
    yield from place.machines
    for inner in place.places:
        yield from _inside(inner)
