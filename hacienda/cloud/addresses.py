"""Numbers and addresses of machines. They depend on the machine and its networks only, never on other machines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address

from hacienda.cloud.blocks import Block, block
from hacienda.cloud.machines import Draft
from hacienda.cloud.network import Network, VirtualIp
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Role
from hacienda.environment.machines import MAXIMUM_NUMBER
from hacienda.environment.model import Environment
from hacienda.environment.problems import nearest

Blocks = Mapping[tuple[str, Role], Block]
"""(network name, role) -> block."""


def blocks(
    environment: Environment, networks: Sequence[Network], roles: Iterable[Role], problems: ProblemList
) -> Blocks:
    """The block of each role on each network on which the role has addresses."""
    found: dict[tuple[str, Role], Block] = {}
    for role in roles:
        first = _first(environment, networks, role, problems)
        for network in networks:
            found[network.name, role] = block(network, role, first.get(network.name))
    return found


def _first(
    environment: Environment, networks: Sequence[Network], role: Role, problems: ProblemList
) -> dict[str, IPv4Address]:
    found: dict[str, IPv4Address] = {}
    for position, address in enumerate(getattr(environment.machines, role).first):
        where = ("machines", role, "first", position)
        home = next((n for n in networks if n.addressable[0] <= address <= n.addressable[1]), None)
        if home is None:
            problems.add(
                where, "is in no range of this file's networks", "Choose an address of one of `networks`.", str(address)
            )
        elif home.name in found:
            problems.add(
                where, f"is a second first address on {home.name}", "Write one for each network.", str(address)
            )
        else:
            found[home.name] = address
    return found


def number(draft: Draft, blocks: Blocks, management: Network, problems: ProblemList) -> int:
    """The number of a machine, as written or derived from its fixed management address (0 after a problem)."""
    if draft.number is not None:
        return draft.number
    pinned = draft.pinned.get(management.name)
    if pinned is None:
        return 0
    if pinned not in management.cidr:
        return 0
    found = blocks[management.name, draft.role].number(pinned) or int(pinned) - int(management.cidr.network_address)
    if 1 <= found <= MAXIMUM_NUMBER:
        return found
    problems.add(draft.where, "has an address that gives it no number", "Give it `number:`.")
    return 0


class AddressBook:
    """Gives every machine its addresses and reports addresses that are used twice.

    Args:
        networks: all networks, management first.
        virtual_ips: no machine gets one of their addresses.
        blocks: blocks by network and role.
        problems: receives the problems.
    """

    def __init__(
        self, networks: Sequence[Network], virtual_ips: Sequence[VirtualIp], blocks: Blocks, problems: ProblemList
    ) -> None:
        self._networks = {network.name: network for network in networks}
        self._management = networks[0]
        self._blocks = blocks
        self._problems = problems
        self._taken: dict[tuple[str, int], Draft] = {}
        self._fixed: dict[tuple[str, int], str] = {}
        self._told: set[tuple[str, object]] = set()
        for network in networks:
            if network.gateway is not None:
                self._fixed[network.name, int(network.gateway)] = "gateway"
        for vip in virtual_ips:
            self._fixed[vip.network, int(vip.address)] = "vip"

    def addresses(self, draft: Draft, number: int) -> dict[str, IPv4Address]:
        """Network name -> address, for every network of the machine's role or of its fixed addresses."""
        for name in draft.pinned:
            if name not in self._networks:
                place = (*draft.where, "addresses", name)
                self._problems.add(place, "is not a network", nearest(name, self._networks))
        found = {}
        for network in self._networks.values():
            pinned = draft.pinned.get(network.name)
            if pinned is not None:
                address = self._pinned(draft, network, pinned)
            elif draft.role in network.roles and not network.without_addresses:
                address = self._derived(draft, network, number)
            else:
                continue
            if address is not None and self._free(draft, network, address):
                found[network.name] = address
        return found

    def _pinned(self, draft: Draft, network: Network, address: IPv4Address) -> IPv4Address | None:
        first, last = network.addressable
        if first <= address <= last:
            return address
        field = ("address",) if ("address" in self._fields(draft, network)) else ("addresses", network.name)
        what = "this environment's range" if address in network.cidr else str(network.cidr)
        fix = f"Choose an address between {first} and {last}."
        self._problems.add((*draft.where, *field), f"is outside {what}", fix, str(address))
        return None

    def _fields(self, draft: Draft, network: Network) -> tuple[str, ...]:
        written = (*draft.where, "addresses", network.name) in self._problems.source.lines
        return ("addresses",) if written or network.name != self._management.name else ("address",)

    def _derived(self, draft: Draft, network: Network, number: int) -> IPv4Address | None:
        room = self._blocks[network.name, draft.role]
        pinned = draft.pinned.get(self._management.name)
        if draft.number is None and pinned is not None:
            if pinned not in self._management.cidr:
                return None
            offset = int(pinned) - int(self._management.cidr.network_address)
            value, fits = int(network.cidr.network_address) + offset, True
            if not int(network.addressable[0]) <= value <= int(network.addressable[1]):
                fix = f"Give it one: `addresses: {{{network.name}: ...}}`, or a `number`."
                self._problems.add(draft.where, f"has no address on {network.name}: none follows from {pinned}", fix)
                return None
        else:
            value, fits = room.base + number, 1 <= number <= room.size
        if fits:
            return IPv4Address(value)
        if number:
            self._overflow(draft, network, number, room)
        return None

    def _overflow(self, draft: Draft, network: Network, number: int, room: Block) -> None:
        if (network.name, draft.role) in self._told:
            return
        self._told.add((network.name, draft.role))
        ends = f", {IPv4Address(room.base + 1)} to {IPv4Address(room.base + room.size)}" if room.size else ""
        reason = f"has no address for number {number}: {draft.role} machines have {room.size} on {network.name}{ends}"
        fix = f"Use a larger network than {network.cidr}, or another `first` address for these machines."
        self._problems.add(draft.where, reason, fix)

    def _free(self, draft: Draft, network: Network, address: IPv4Address) -> bool:
        fixed = self._fixed.get((network.name, int(address)))
        if fixed is not None:
            self._occupied(draft, network, address, fixed)
            return False
        owner = self._taken.setdefault((network.name, int(address)), draft)
        if owner is draft:
            return True
        pinned = network.name in draft.pinned
        if pinned or (network.name, draft.where) not in self._told:
            self._told.add((network.name, draft.where))
            place = (*draft.where, *self._place(draft, network)) if pinned else draft.where
            reason = f"would give {draft.name} the address {address} of {owner.name}"
            fix = "Choose another address, or move the block with `first`."
            if pinned and network.name in owner.pinned and owner.role != draft.role:
                fix = (
                    f"Choose another address. If both are one machine, give it one role: {owner.role} or {draft.role}."
                )
            self._problems.add(place, reason, fix)
        return False

    def _occupied(self, draft: Draft, network: Network, address: IPv4Address, fixed: str) -> None:
        what = {"vip": "virtual IP", "gateway": "gateway"}[fixed]
        if network.name in draft.pinned:
            place = (*draft.where, *self._place(draft, network))
            fix = "Choose another address."
            self._problems.add(place, f"is the {what} of {network.name}", fix, str(address))
        else:
            room = self._blocks[network.name, draft.role]
            ends = f"{IPv4Address(room.base + 1)} to {IPv4Address(room.base + room.size)}"
            fix = f"Choose an address outside {ends}: that block belongs to {draft.role} machines."
            self._problems.add(("networks", network.name, fixed), f"is the address of {draft.name}", fix, str(address))

    def _place(self, draft: Draft, network: Network) -> tuple[str, ...]:
        fields = self._fields(draft, network)
        return fields if fields == ("address",) else (*fields, network.name)
