"""What a picture of a cloud shows, whoever draws it: equal machines are one box, and what nobody would take over for is marked."""

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
"""Failure domains, from outside to inside."""

MOST_PLACES = 6
"""More failure domains side by side than this are drawn as one where they hold the same."""


@dataclass(frozen=True)
class Machines:
    """One box: a machine, or several that nothing tells apart but their names.

    Args:
        names: theirs, in the cloud's order.
        role: theirs.
        address: of a single one, on the management network; else empty.
        services: those that are not on every machine, in start order.
        votes: those of them that vote.
        marks: why losing it is felt.
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
        """The names of several: `cmp-1 … cmp-40`; of one, nothing."""
        if len(self.names) < 4:
            return " ".join(self.names) if len(self.names) > 1 else ""
        return f"{self.names[0]} … {self.names[-1]}"


@dataclass(frozen=True)
class Place:
    """One failure domain, or several that hold the same; with an empty kind, everything that is in none.

    Args:
        kind: one of KINDS.
        names: of the domains.
        machines: boxes in it, who votes first.
        places: failure domains inside it.
        marks: why losing it is felt.
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
    """A network: its name, `10.0.0.0/24`, what is special about it, and which roles are on it."""

    name: str
    cidr: str
    traits: str
    roles: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Vip:
    """A virtual IP: the address, its host name and scopes, its network, and who may hold it."""

    address: str
    hostname: str
    scopes: str
    network: str
    holders: tuple[str, ...]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class VoterGroup:
    """Services whose voters are the same machines: how many make a majority, and how many may fail."""

    services: tuple[str, ...]
    voters: tuple[str, ...]
    majority: int
    marks: tuple[Mark, ...] = ()

    @property
    def spare(self) -> int:
        """Voters that may fail."""
        return len(self.voters) - self.majority


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn."""

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
    """What to draw.

    Args:
        cloud: the resolved cloud.
        findings: what is unwise about it; those of MARKING mark what they are about.
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
    """What is special about a network: gateway, VLAN, MTU, bond."""
    said = [f"gateway {network.gateway}"] if network.gateway else []
    said += [f"vlan {network.vlan}"] if network.vlan is not None else []
    said += [f"mtu {network.mtu}"] if network.mtu != Network.mtu else []
    said += [" over ".join([network.bond.mode, "+".join(network.bond.nics)])] if network.bond else []
    said += [f"on {network.nic}"] if network.nic else []
    return ", ".join(said)


def voter_groups(cloud: Cloud) -> dict[tuple[str, ...], list[str]]:
    """Voters -> services that vote there."""
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
    """A failure domain; machines that no domain of the next kind holds are looked for in the kind after that."""
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
    """Machines that vote are boxes of their own, as are those that alone have a mark."""
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
    """Neighbours that hold the same number of the same machines, as one; those with voters or marks stay alone."""
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
