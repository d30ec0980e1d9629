"""Machines of a group, before they have addresses: their numbers, sizes and failure domains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from hacienda.cloud.node import ABBREVIATIONS, Bmc
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Role
from hacienda.environment.machines import MachineGroup, MachineSpec
from hacienda.environment.model import Environment
from hacienda.environment.problems import nearest
from hacienda.environment.source import Trail

RESERVED = frozenset({"internal", "public", "localhost"})
"""Names that have another meaning in the environment's domain: the virtual IPs are `internal` and `public`."""

_COUNTED = re.compile(rf"({'|'.join(ABBREVIATIONS.values())})-([0-9]+)")


@dataclass(frozen=True)
class Draft:
    """A machine that has no addresses yet.

    Args:
        number: None: it follows from the fixed address.
        pinned: network name -> address that the operator chose.
        where: place in the file, for errors.
    """

    name: str
    role: Role
    number: int | None
    where: Trail
    pinned: Mapping[str, IPv4Address] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    cpus: int | None = None
    memory: int | None = None
    disks: Mapping[str, int] = field(default_factory=dict)
    bmc: Bmc | None = None
    cards: Mapping[str, str] = field(default_factory=dict)


def drafts(environment: Environment, role: Role, management: str, problems: ProblemList) -> list[Draft]:
    """Machines of one role: counted machines by number, then named machines in the order of the file.

    Args:
        environment: the environment.
        role: machine role.
        management: name of the management network.
        problems: receives the problems.
    """
    group: MachineGroup = getattr(environment.machines, role)
    where: Trail = ("machines", role)
    _without(group, where, problems)
    turns = _turns(environment, group, where, problems)
    prefix = ABBREVIATIONS[role]
    gone = set(group.without)
    names = {f"{prefix}-{number}": number for number in range(1, group.count + 1) if number not in gone}
    found = []
    for name, number in names.items():
        spec = group.nodes.get(name, _PLAIN)
        place = (*where, "nodes", name) if name in group.nodes else (*where, "count")
        _agrees(name, spec, number, place, problems)
        found.append(_draft(name, role, number, group, spec, turns, place, management, problems))
    for name, spec in group.nodes.items():
        if name not in names:
            place = (*where, "nodes", name)
            own = _number(name, spec, role, group, place, problems)
            found.append(_draft(name, role, own, group, spec, turns, place, management, problems))
    for name, spec in group.nodes.items():
        _declared_domains(environment, spec, (*where, "nodes", name), problems)
    return found


def roles(environment: Environment) -> frozenset[Role]:
    """Roles of which the environment has machines."""
    groups: Mapping[Role, MachineGroup] = {role: getattr(environment.machines, role) for role in ABBREVIATIONS}
    return frozenset(role for role, group in groups.items() if group.nodes or group.count > len(group.without))


_PLAIN = MachineSpec()


def _without(group: MachineGroup, where: Trail, problems: ProblemList) -> None:
    for position, number in enumerate(group.without):
        place = (*where, "without", position)
        if number > group.count:
            fix = f"Use a number from 1 to {group.count}. `count` is the highest number, gaps included."
            problems.add(place, "is not among the counted machines", fix, number)


def _turns(
    environment: Environment, group: MachineGroup, where: Trail, problems: ProblemList
) -> tuple[str, tuple[str, ...]]:
    """Kind of failure domain and the names that counted machines take in turn; empty if they are not spread."""
    if group.spread is None:
        if group.domains:
            fix = "Add `spread: rack` (or host, power, zone)."
            problems.add((*where, "domains"), "names failure domains without their kind", fix)
        return "", ()
    names = group.domains or environment.domains.get(group.spread, ())
    if not names:
        fix = f"Name them: `domains: {{{group.spread}: [a, b, c]}}` at the top of the file."
        problems.add((*where, "spread"), "has no names to spread over", fix, group.spread)
        return "", ()
    for name in names:
        _known_domain(environment, group.spread, name, (*where, "domains"), problems)
    return group.spread, names


def _known_domain(environment: Environment, kind: str, name: str, place: Trail, problems: ProblemList) -> None:
    known = {str(key): names for key, names in environment.domains.items()}.get(kind)
    if known and name not in known:
        problems.add(place, f"is not a {kind} of this environment", nearest(name, known), name)


def _declared_domains(environment: Environment, spec: MachineSpec, where: Trail, problems: ProblemList) -> None:
    for kind in environment.domains:
        name = getattr(spec, kind)
        if name is not None:
            _known_domain(environment, kind, name, (*where, kind), problems)


def _number(
    name: str, spec: MachineSpec, role: Role, group: MachineGroup, place: Trail, problems: ProblemList
) -> int | None:
    """The number of a named machine, from its name or as written; None: it follows from its address."""
    if name in RESERVED:
        problems.add(
            place,
            "is a name with another meaning in the cloud's DNS",
            f"Choose a name other than {', '.join(sorted(RESERVED))}.",
        )
    counted = _COUNTED.fullmatch(name)
    if counted is None:
        return spec.number
    number = int(counted[2])
    if counted[1] != ABBREVIATIONS[role]:
        fix = (
            f"Call {role} machines `{ABBREVIATIONS[role]}-<number>`, or choose a name that is not like another role's."
        )
        problems.add(place, "is named like a machine of another role", fix)
    elif str(number) != counted[2] or number == 0:
        problems.add(place, "has a number that starts with a zero", f"Write `{counted[1]}-{number or 1}`.")
    elif number in group.without:
        fix = "Remove it here, or from `without`."
        problems.add(place, f"is left out: `without` has {number}", fix)
    else:
        _agrees(name, spec, number, place, problems)
    return number


def _agrees(name: str, spec: MachineSpec, number: int, place: Trail, problems: ProblemList) -> None:
    if spec.number not in (None, number):
        problems.add(
            (*place, "number"), f"contradicts the name {name}", f"Remove it: {name} is number {number}.", spec.number
        )


def _draft(
    name: str,
    role: Role,
    number: int | None,
    group: MachineGroup,
    spec: MachineSpec,
    turns: tuple[str, tuple[str, ...]],
    place: Trail,
    management: str,
    problems: ProblemList,
) -> Draft:
    kind, names = turns
    domains = {kind: names[(number - 1) % len(names)]} if number is not None and names else {}
    own = {"host": spec.host, "rack": spec.rack, "power": spec.power, "zone": spec.zone}
    domains |= {key: value for key, value in own.items() if value is not None}
    pinned = dict(spec.addresses)
    if spec.address is not None:
        if management in pinned:
            fix = f"Keep `address` or `addresses.{management}`."
            problems.add((*place, "address"), "is given twice", fix, str(spec.address))
        pinned[management] = spec.address
    if number is None and management not in pinned:
        fix = "Give it `number:` or `address:`. Its place in the file does not decide its address."
        reason = f"has no address on {management}" if pinned else "has neither a number nor an address"
        problems.add(place, reason, fix)
    bmc = Bmc(spec.bmc.type, spec.bmc.address) if spec.bmc else None
    return Draft(
        name=name,
        role=role,
        number=number,
        where=place,
        pinned=pinned,
        domains=domains,
        cpus=spec.cpus or group.cpus,
        memory=spec.memory or group.memory,
        disks={**group.disks, **spec.disks},
        bmc=bmc,
        cards={**group.cards, **spec.cards},
    )
