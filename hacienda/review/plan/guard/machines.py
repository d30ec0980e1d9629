"""The machine and the networks of each member. A member is lost when one of them is destroyed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hacienda.declare.resource_types import GATE, IMAGE, MEMBER, NETWORK
from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.guard.references import Target, targets
from hacienda.review.plan.reader import Plan

_HARMLESS = {MEMBER, GATE, IMAGE}
"""Types whose loss takes no machine: a gate only waits during an apply, and only a first boot reads an image."""

_NETWORK = re.compile(r"network|subnet|bridge|vpc|vlan")
_CARD = re.compile(r"port|interface|nic|association")
"""Words in resource types. A machine's own port on a network belongs to the machine; it is not a network."""


@dataclass(frozen=True)
class Ground:
    """The resources that one member stands on.

    Args:
        machines: Terraform addresses of the resources that are its machine.
        networks: Terraform addresses of the networks to which its machine is connected.
    """

    machines: frozenset[str]
    networks: frozenset[str]


def grounds(plans: Sequence[Plan]) -> Mapping[tuple[str, str], Ground]:
    """The ground of every existing member among the destroyed resources, by the plan's source and the member's address."""
    networks = [change for plan in plans for change in plan.resources if change.goes and is_network(change)]
    found = {}
    for plan in plans:
        members = [member for member in plan.members if member.before is not None]
        # Machines that stay matter only if one of their networks is destroyed.
        candidates = _Candidates([change for change in _machines(plan) if change.goes or networks])
        owners, waited = _owners(candidates, members), _waited_for(plan, candidates, members)
        for member in members:
            machines = {change.address for change in _machines_of(plan, candidates, member)}
            machines |= owners[member.address] | waited[member.address]
            on = [candidates.by_address[address] for address in machines]
            under = {one.address for machine in on for one in _networks(plan, networks, machine)}
            found[plan.source, member.address] = Ground(frozenset(machines), frozenset(under))
    return found


def is_network(change: PlannedAction) -> bool:
    """Whether a resource is a network. Words in its type decide."""
    return bool(_NETWORK.search(change.type)) and not _CARD.search(change.type)


class _Candidates:
    """Resources that may be machines, indexed by id and configured address: a plan may have thousands of them."""

    def __init__(self, changes: Sequence[PlannedAction]) -> None:
        self.all = changes
        self.by_address = {change.address: change for change in changes}
        self._by_id: dict[str, list[PlannedAction]] = {}
        self._by_base: dict[str, list[PlannedAction]] = {}
        for change in changes:
            self._by_id.setdefault(str((change.before or {}).get("id")), []).append(change)
            self._by_base.setdefault(change.base, []).append(change)

    def of_id(self, found: Any) -> Sequence[PlannedAction]:
        """Candidates with this id."""
        return self._by_id.get(found, ()) if isinstance(found, str) else ()

    def meant(self, aims: frozenset[Target], of: PlannedAction) -> Iterator[PlannedAction]:
        """Candidates to which a resource refers."""
        for aim in aims:
            for change in self._by_base.get(aim.base, ()) if aim.base else self.all:
                if aim.means(change, of):
                    yield change


def _machines(plan: Plan) -> Iterator[PlannedAction]:
    for change in plan.resources:
        if change.before is not None and change.type not in _HARMLESS and not is_network(change):
            yield change


def _machines_of(plan: Plan, candidates: _Candidates, member: PlannedAction) -> Iterator[PlannedAction]:
    """Candidates whose id the member records as its machine, and candidates to which its configuration refers."""
    yield from candidates.of_id((member.before or {}).get("machine"))
    yield from candidates.meant(targets(plan, member, ("machine", "host")), member)


def _owners(candidates: _Candidates, members: Sequence[PlannedAction]) -> Mapping[str, set[str]]:
    """Resources that contain the address of exactly one member. An inventory of all members is no machine."""
    hosts = {str((member.before or {}).get("host")): member.address for member in members}
    found: dict[str, set[str]] = {member.address: set() for member in members}
    for change in candidates.all:
        held = hosts.keys() & set(_texts(change.before))
        if len(held) == 1:
            found[hosts[held.pop()]].add(change.address)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _waited_for(plan: Plan, candidates: _Candidates, members: Sequence[PlannedAction]) -> Mapping[str, set[str]]:
    """Resources on which one member alone depends. A resource on which several depend is shared, and no machine."""
    found: dict[str, set[str]] = {member.address: set() for member in members}
    waiting: dict[str, set[str]] = {}
    for member in members:
        for change in candidates.meant(targets(plan, member, ("depends_on",)), member):
            waiting.setdefault(change.address, set()).add(member.address)
    for address, by in waiting.items():
        if len(by) == 1:
            found[next(iter(by))].add(address)
    return found


def _networks(plan: Plan, networks: Sequence[PlannedAction], machine: PlannedAction) -> Iterator[PlannedAction]:
    """Networks of a machine: its configuration refers to them, or the machine names the bridge of one in any plan."""
    if not networks:
        return
    configured = targets(plan, machine, (*(machine.before or {}), "depends_on"))
    bridges = set(_texts((machine.before or {}).get("networks")))
    for change in networks:
        named = change.type == NETWORK and (change.before or {}).get("name") in bridges
        if named or (change in plan.resources and any(aim.means(change, machine) for aim in configured)):
            yield change
