"""The resolved cloud: immutable data with typed queries. No I/O, and nothing here depends on a node's position in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import ClassVar, get_args

from hacienda.declare import (
    Capability,
    Database,
    DeclarationError,
    MessageUser,
    Registry,
    Role,
    Scope,
    Service,
    ServiceOptions,
    consistency,
)
from hacienda.environment.accept import Accept
from hacienda.environment.network import Purpose
from hacienda.environment.source import Source

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


SUITES: Mapping[str, str] = {"debian-13": "trixie"}
"""Operating system in the environment file -> its name in Debian's archive."""


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
    purposes: frozenset[str]
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
        router_id: VRRP virtual_router_id (1 to 255): the address's last octet, unless the network names another.
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


@dataclass(frozen=True)
class OwnCertificate:
    """A certificate for the public name that another authority signed: paths as the environment file has them. None: the store of
    secrets has the certificate and its key; operating systems trust its authority."""

    chain: str | None = None
    key: str | None = None
    authority: str | None = None

    bundle_name: ClassVar[str] = "x509/public/bundle.pem"
    """Secret with the certificate, those of the authorities above it, and the key."""
    authority_name: ClassVar[str] = "x509/public/ca.pem"
    """Secret (which is none) with the authority that clients trust."""


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


@dataclass(frozen=True)
class Platform:
    """Where the machines are.

    Args:
        type: `incus` or `existing`.
        containers: machines share the host's kernel: no clock, no modules of their own.
        options: the platform's own options, as the environment file gives them (already validated).
    """

    type: str
    containers: bool
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageSources:
    """Where Debian packages come from: mirrors of the archive and of its security updates, an HTTP proxy. None: as the machine has
    it."""

    mirror: str | None = None
    security: str | None = None
    proxy: str | None = None


@dataclass(frozen=True)
class Ssh:
    """How nodes are reached. `keys` are the operator's public keys; the deployer's own key is added at synth."""

    user: str
    port: int
    keys: tuple[str, ...]
    jump: str | None = None


@dataclass(frozen=True)
class SecretStore:
    """Where secrets are kept: `backend` is `file` or `age`, `path` a folder (None: the back end's default), `recipients` age
    public keys."""

    backend: str = "file"
    path: str | None = None
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateBackend:
    """Where Terraform's state is kept: `local`, `http`, `s3`, `pg` or `consul`, with the back end's own options."""

    backend: str = "local"
    options: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Cloud:
    """One environment, resolved. Build it with `hacienda.cloud.resolve`.

    Args:
        time_servers: time sources outside of it.
        own_time_servers: what the file names as time sources and is the cloud's own -> whose it is; never asked as such.
    """

    name: str
    domain: str
    region: str
    release: str
    operating_system: str
    platform: Platform
    networks: tuple[Network, ...]
    virtual_ips: tuple[VirtualIp, ...]
    nodes: tuple[Node, ...]
    options: Mapping[str, ServiceOptions]
    registry: Registry = field(repr=False, compare=False)
    ssh: Ssh
    time_servers: tuple[str, ...]
    name_servers: tuple[str, ...]
    availability_target: float
    certificate_days: int
    secrets: SecretStore = SecretStore()
    state: StateBackend = StateBackend()
    package_sources: PackageSources = PackageSources()
    public_certificate: OwnCertificate | None = None
    accepts: tuple[Accept, ...] = ()
    firewall_rules: tuple[FirewallRule, ...] = ()
    own_time_servers: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = field(default=None, repr=False, compare=False)

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def _members(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for service in node.services:
                found.setdefault(service, []).append(node)
        return {service: tuple(nodes) for service, nodes in found.items()}

    @cached_property
    def _roles(self) -> dict[Role, tuple[Node, ...]]:
        found: dict[Role, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.role, []).append(node)
        return {role: tuple(nodes) for role, nodes in found.items()}

    @cached_property
    def services(self) -> tuple[Service, ...]:
        """Services that run anywhere here, in start order."""
        return tuple(service for service in self.registry if service.name in self._members)

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """Debian packages of a machine image for this cloud, sorted: of every service here, on whatever role."""
        return tuple(sorted({package for service in self.services for package in service.all_packages()}))

    @cached_property
    def assumptions(self) -> tuple[Mapping[str, str], ...]:
        """What services here rely on in their packages, as the check in an image or on a node reads it."""
        return tuple(each.to_json(service.name) for service in self.services for each in service.all_assumptions())

    def node(self, name: str) -> Node:
        """The node of that name. Raises KeyError."""
        return self._nodes[name]

    def role(self, role: Role) -> tuple[Node, ...]:
        """Nodes of a role, by number."""
        return self._roles.get(role, ())

    def provider(self, capability: Capability) -> Service | None:
        """The service that offers a capability here; None: nothing here does.

        Raises:
            DeclarationError: there is no such capability.
        """
        if capability not in get_args(Capability):
            raise DeclarationError(f"there is no capability {consistency.unknown(capability, get_args(Capability))}")
        return next((service for service in self.services if capability in service.provides), None)

    def members(self, service: str) -> tuple[Node, ...]:
        """Nodes that run a service, in the cloud's order; empty if none does.

        Raises:
            DeclarationError: there is no such service.
        """
        found = self._members.get(service)
        if found is None:
            self.registry.require(service)
            return ()
        return found

    def servers(self, service: str) -> tuple[Node, ...]:
        """Members that run the service itself: without arbiters on which something else votes for it."""
        declared = self.registry[service]
        return tuple(node for node in self.members(service) if declared.on(node.role) is declared)

    def running(self, node: Node) -> tuple[Service, ...]:
        """Services of a node as machines of its role run them, in start order."""
        return tuple(self.registry[name].on(node.role) for name in node.services)

    def peers(self, service: str, node: Node) -> tuple[Node, ...]:
        """The other nodes that run a service."""
        return tuple(member for member in self.members(service) if member.name != node.name)

    def option(self, service: str) -> ServiceOptions:
        """The service's options, defaults filled in."""
        return self.options[service]

    def voters(self, node: Node) -> Mapping[str, int]:
        """Voter groups the node votes in, group -> weight."""
        return {name: 1 for name in node.services if self.registry[name].voters}

    @cached_property
    def voting(self) -> tuple[Node, ...]:
        """Nodes that vote in any group, in the cloud's order: few, however many computes there are."""
        return tuple(node for node in self.nodes if self.voters(node))

    def fellow_voters(self, node: Node) -> tuple[Node, ...]:
        """Other nodes that share at least one voter group with this one."""
        groups = self.voters(node).keys()
        return tuple(n for n in self.voting if n.name != node.name and groups & self.voters(n).keys())

    @cached_property
    def management(self) -> Network:
        """The network that carries management and internal traffic."""
        return self.network("management")

    def network(self, purpose: Purpose) -> Network:
        """The network of a purpose, falling back to management. Raises KeyError for an environment without management."""
        for network in self.networks:
            if purpose in network.purposes:
                return network
        if purpose == "management":
            raise KeyError("no management network")
        return self.management

    def attached(self, node: Node) -> tuple[Network, ...]:
        """Networks that the node has a card on, in the order of its cards: those with an address first, so that a card without
        one renames no other."""
        addressed = [network for network in self.networks if network.name in node.addresses]
        bare = [network for network in self.networks if network.without_addresses and node.role in network.roles]
        return tuple(addressed + [network for network in bare if network.name not in node.addresses])

    def address(self, node: Node, purpose: Purpose = "management") -> IPv4Address:
        """The node's address on the network of a purpose; its management address where it is not on that network."""
        network = self.network(purpose)
        return node.addresses.get(network.name, node.addresses[self.management.name])

    def virtual_ip(self, scope: Scope) -> VirtualIp | None:
        """The virtual IP that serves a scope; None where the environment has none."""
        return next((vip for vip in self.virtual_ips if scope in vip.scopes), None)

    def fqdn(self, node: Node) -> str:
        """Fully qualified host name."""
        return f"{node.name}.{self.domain}"

    def endpoint(self, service: str, port: str, scope: Scope = "internal") -> tuple[str, int]:
        """Host name and port at which clients of a scope reach a service: its virtual IP, or its only node."""
        number = self.registry[service].port(port).number
        vip = self.virtual_ip(scope)
        balanced = any(f.port == port and scope in f.scopes for f in self.registry[service].frontends)
        if vip is not None and balanced:
            return vip.name_for(scope), number
        return self.fqdn(self.servers(service)[0]), number

    def databases(self) -> tuple[Database, ...]:
        """Schemas that the services present here ask for, by name."""
        found = (database for service in self.services for database in service.databases)
        return tuple(sorted(found, key=lambda database: database.name))

    def message_users(self) -> tuple[MessageUser, ...]:
        """Message-queue users that the services present here ask for, by name."""
        found = (user for service in self.services for user in service.message_users)
        return tuple(sorted(found, key=lambda user: user.name))
