"""Networks of a resolved cloud, with their virtual IPs, static routes and firewall rules."""

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
        nics: names on the machine.
        hash_policy: hash that spreads packets over the NICs (`layer3+4`); empty: the kernel's default, `layer2`.
        lacp_rate: `slow` or `fast`; empty: the kernel's default, `slow`.
    """

    mode: str
    nics: tuple[str, ...]
    hash_policy: str = ""
    lacp_rate: str = ""


@dataclass(frozen=True)
class Route:
    """A static route: the router `via` gets packets to `to`."""

    to: IPv4Network
    via: IPv4Address


@dataclass(frozen=True)
class PhysicalNetwork:
    """A network of the environment as Neutron and the switches of the machines know it.

    Args:
        name: its name in Neutron.
        bridge: name of the bridge that has its card on each machine with a switch.
        flat: whether packets without a tag belong to a provider network.
        vlans: first and last VLAN of each range from which Neutron takes VLANs; none: any, for administrators alone.
    """

    name: str
    bridge: str
    flat: bool = True
    vlans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Network:
    """One network of the environment.

    Args:
        purposes: kinds of traffic. Exactly one network has `management`. Without a `public` network, management has
            that traffic. `other` is the operator's, and no service here uses it.
        addressable: first and last address that machines may use.
        gateway: None: the network has no route to others.
        vlan: None: untagged, as on platforms with one bridge for each network.
        bond: the bonded NICs below it; None: a single NIC.
        nic: name of the single NIC; None: the next that the platform attaches (eth0, eth1, ...).
        routes: static routes of the machines on it.
        roles: roles whose machines are on it. On `external` networks they have no address.
        physical: what Neutron's provider networks use of it; None: nothing.
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
    physical: PhysicalNetwork | None = None

    @property
    def cards(self) -> tuple[str, ...]:
        """Names of the NICs below it in the environment; none if the platform numbers them."""
        return self.bond.nics if self.bond else (self.nic,) if self.nic else ()

    @property
    def without_addresses(self) -> bool:
        """Whether machines have a card there, but no address: the addresses belong to instances."""
        return self.purposes == {"external"}


@dataclass(frozen=True)
class FirewallRule:
    """Packets of the operator's programs that nodes accept.

    Args:
        name: what it is for.
        protocol: `tcp`, `udp`, `sctp`, `gre`, `esp` or `ospf`.
        ports: first and last port of each range, ascending; none if the protocol has no ports.
        sources: ranges that it accepts; none: any address.
        nodes: names of the nodes that have the rule.
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
        name: name of its network in the environment.
        address: the address.
        network: name of its network.
        router_id: VRRP virtual_router_id (1 to 255) on the management network. It is the address's last octet, unless
            the network names another or another virtual IP here has it.
        hostname: DNS name for clients and certificates, `<scope>.<domain>` unless the environment names it.
        scopes: scopes it serves.
        public_name: name for public clients, if it differs from `hostname`; empty: they use `hostname`.
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
        """All of its names."""
        return (self.hostname, self.public_name) if self.public_name else (self.hostname,)

    def name_for(self, scope: Scope) -> str:
        """The name that clients of a scope use."""
        return self.hostnames[-1] if scope == "public" else self.hostname
