"""Fixed blocks of addresses per role: a counted machine's address is its network's base, its role's offset and its number.

These figures are a public contract, like the names: a change moves machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from hacienda.cloud.network import Network
from hacienda.declare import Role

SMALL: Mapping[Role, tuple[int, int]] = {
    "controller": (10, 30),
    "network": (40, 20),
    "storage": (60, 20),
    "monitoring": (80, 10),
    "arbiter": (90, 10),
    "compute": (100, 411),
}
"""Role -> offset and size of its block, in networks of fewer than 1,024 addresses (/23 and smaller). ctl-1 is .11,
cmp-1 .101."""

LARGE: Mapping[Role, tuple[int, int]] = {
    "controller": (10, 30),
    "network": (40, 40),
    "monitoring": (80, 10),
    "arbiter": (90, 10),
    "storage": (256, 256),
    "compute": (512, 9999),
}
"""The same for 1,024 addresses and more (/22 and larger). A /22 holds 510 computes, a /21 1,534, a /20 3,582 and a /19
7,678."""


@dataclass(frozen=True)
class Block:
    """The addresses of a role's machines on one network.

    Args:
        base: address of number 0, as an integer; number 1 has the next address.
        size: highest number that has an address.
    """

    base: int
    size: int

    def number(self, address: IPv4Address) -> int | None:
        """The number that has this address; None outside the block."""
        number = int(address) - self.base
        return number if 1 <= number <= self.size else None


def block(network: Network, role: Role, first: IPv4Address | None = None) -> Block:
    """The block of a role on a network.

    Args:
        network: its range for machines decides where blocks start and end.
        role: machine role.
        first: address of number 1, if the environment names one.
    """
    start, end = (int(address) for address in network.addressable)
    if first is not None:
        return Block(int(first) - 1, max(0, end - int(first) + 1))
    if start == int(network.cidr.network_address) + 1:
        start -= 1
    offset, size = (LARGE if network.cidr.prefixlen <= 22 else SMALL)[role]
    return Block(start + offset, max(0, min(size, end - start - offset)))
