"""Networks of a resolved cloud, and what lives on them: virtual IPs, static routes, firewall rules."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from hacienda.cloud.node import ABBREVIATIONS
from hacienda.declare import Role, Scope
from hacienda.environment.network import Purpose


@dataclass(frozen=True)
class Bond:
    """NICs bonded under a network.

    Args:
        mode: as Linux names it (`802.3ad`, `active-backup`).
        nics: names as the machine sees them.
        hash_policy: how packets are spread over the NICs (`layer3+4`); empty: the kernel's default, `layer2`.
        lacp_rate: `slow` or `fast`; empty: the kernel's default, `slow`.
    """

    mode: str
    nics: tuple[str, ...]
    hash_policy: str = ""
    lacp_rate: str = ""


@dataclass(frozen=True)
class Route:
    """A static route: packets to `to` are handed to the router `via`."""

    to: IPv4Network
    via: IPv4Address


@dataclass(frozen=True)
class Network:
    """One network of the environment.

    Args:
        purposes: what travels on it; `management` is on exactly one network, `public` falls back to management, and `other` is
            the operator's own, used by no service here.
        addressable: first and last address that are ours to use.
        gateway: None: no route leaves here.
        vlan: None: untagged, as on platforms that give each network a bridge of its own.
        bond: NICs below it that are bonded; None: a single one.
        nic: name of the single NIC; None: the next of those that the platform attaches (eth0, eth1, ...).
        routes: static routes of the machines on it.
        roles: roles whose machines are on it; on `external` networks they have no address.
    """

    name: str
    cidr: IPv4Network
    purposes: frozenset[Purpose]
    addressable: tuple[IPv4Address, IPv4Address]
    gateway: IPv4Address | None = None
    mtu: int = 1500
    vlan: int | None = None
    bond: Bond | None = None
    nic: str | None = None
    routes: tuple[Route, ...] = ()
    roles: frozenset[Role] = frozenset(ABBREVIATIONS)

    @property
    def cards(self) -> tuple[str, ...]:
        """Names of the NICs below it, as the environment has them; none where the platform counts them."""
        return self.bond.nics if self.bond else (self.nic,) if self.nic else ()

    @property
    def without_addresses(self) -> bool:
        """Whether machines have a card there and no address: the addresses are the instances'."""
        return self.purposes == {"external"}


@dataclass(frozen=True)
class FirewallRule:
    """Packets of the operator's own that nodes let in.

    Args:
        name: what it is for.
        protocol: `tcp`, `udp`, `sctp`, `gre`, `esp` or `ospf`.
        ports: first and last port of each range, ascending; none where the protocol has no ports.
        sources: ranges it is for; none: anybody.
        nodes: names of the nodes that have it.
    """

    name: str
    protocol: str
    ports: tuple[tuple[int, int], ...]
    sources: tuple[IPv4Network, ...]
    nodes: frozenset[str]


@dataclass(frozen=True)
class VirtualIp:
    """An address that one load balancer holds at a time.

    Args:
        name: network's name.
        address: the address.
        network: name of the network it lives on.
        router_id: VRRP virtual_router_id (1 to 255), on the management network: the address's last octet, unless the network names
            another or another virtual IP here has that one.
        hostname: DNS name that clients use and certificates name, `<scope>.<domain>` unless the environment names it.
        scopes: scopes it serves.
        public_name: what public clients call it, where that is another name than `hostname`; empty: they use that one.
    """

    name: str
    address: IPv4Address
    network: str
    router_id: int
    hostname: str
    scopes: tuple[Scope, ...]
    public_name: str = ""

    @property
    def hostnames(self) -> tuple[str, ...]:
        """Every name it answers to."""
        return (self.hostname, self.public_name) if self.public_name else (self.hostname,)

    def name_for(self, scope: Scope) -> str:
        """The name that clients of a scope use."""
        return self.hostnames[-1] if scope == "public" else self.hostname
