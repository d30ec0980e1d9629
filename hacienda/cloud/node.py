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
"""Prefix of a counted node's name: a public contract."""

STACKS: Mapping[Role, str] = {
    "controller": "controller",
    "arbiter": "controller",
    "network": "network-node",
    "storage": "storage",
    "compute": "compute",
    "monitoring": "monitoring",
}
"""Stack that holds the machines of a role. An arbiter votes with the controllers, so the provider must plan them together."""


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
        number: stable number within the role; addresses are derived from it.
        addresses: network name -> address.
        domains: failure domains, kind (`host`, `rack`, `power`, `zone`) -> name.
        cpus, memory, disks: None: whatever the machine has; memory and disk sizes in bytes.
        services: names of the services it runs, in start order.
        ssh_host: address or host name the operator's machine reaches it at.
        nics: NIC as the environment's networks name it -> its name on this machine; empty: the machine lacks it. Those that are
            called the same are left out.
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

    def card(self, nic: str) -> str:
        """What this machine calls a NIC of the environment's networks; empty: it lacks it."""
        return self.nics.get(nic, nic)

    def cards(self, nics: Iterable[str]) -> tuple[str, ...]:
        """What this machine calls those NICs of a bond that it has."""
        return tuple(own for own in map(self.card, nics) if own)
