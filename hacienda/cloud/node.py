"""Machines of a resolved cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from hacienda.declare import Role

ABBREVIATIONS: Mapping[Role, str] = {
    "controller": "ctl",
    "network": "net",
    "compute": "cmp",
    "storage": "sto",
    "monitoring": "mon",
    "arbiter": "arb",
}
"""Role -> prefix of a counted node's name: a public contract."""

STACKS: Mapping[Role, str] = {
    "controller": "controller",
    "arbiter": "controller",
    "network": "network-node",
    "storage": "storage",
    "compute": "compute",
    "monitoring": "monitoring",
}
"""Role -> stack of its machines. An arbiter votes with the controllers, so the provider must plan them together."""


@dataclass(frozen=True)
class Bmc:
    """Baseboard management controller, for fencing. Its credentials are secrets."""

    type: str
    address: str


@dataclass(frozen=True)
class Node:
    """One machine.

    Args:
        name: `<abbreviation>-<number>` or the operator's own name; stable.
        role: machine role.
        number: stable number within the role. Addresses follow from it.
        addresses: network name -> address.
        domains: failure domains, kind (`host`, `rack`, `power`, `zone`) -> name.
        cpus, memory, disks: None: all that the machine has. Memory and disk sizes are in bytes.
        services: names of its services, in start order.
        ssh_host: address or host name at which the operator's machine reaches it.
        nics: name of a NIC in the environment's networks -> its name on this machine; empty: the machine lacks it. NICs
            with the same name are left out.
        devices: device files of the host that its services need where it is a container.
        nesting: whether one of its services mounts proc or sysfs of its own.
    """

    name: str
    role: Role
    number: int
    addresses: Mapping[str, IPv4Address]
    services: tuple[str, ...]
    ssh_host: str
    domains: Mapping[str, str] = field(default_factory=dict)
    cpus: int | None = None
    memory: int | None = None
    disks: Mapping[str, int] = field(default_factory=dict)
    bmc: Bmc | None = None
    nics: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    nesting: bool = False

    def card(self, nic: str) -> str:
        """Name on this machine of a NIC in the environment's networks; empty: the machine lacks it."""
        return self.nics.get(nic, nic)

    def cards(self, nics: Iterable[str]) -> tuple[str, ...]:
        """Names on this machine of a bond's NICs, as far as it has them."""
        return tuple(own for own in map(self.card, nics) if own)
