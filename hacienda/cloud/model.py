"""The resolved cloud: immutable data with typed queries. It does no I/O, and nothing depends on a node's position in a list.

The classes of its parts are in `network`, `node` and `settings`. Other modules import them from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import TypeVar, get_args

from hacienda.cloud.network import Bond, FirewallRule, Network, PhysicalNetwork, Route, VirtualIp
from hacienda.cloud.node import ABBREVIATIONS, STACKS, Bmc, Node
from hacienda.cloud.settings import SUITES, OwnCertificate, PackageSources, Platform, SecretStore, Ssh, StateBackend
from hacienda.declare import (
    Account,
    Capability,
    DeclarationError,
    Redundancy,
    Registry,
    Role,
    Scope,
    Service,
    ServiceOptions,
    consistency,
)
from hacienda.declare.trust import Fact
from hacienda.environment.accept import Accept
from hacienda.environment.network import PURPOSES, Purpose
from hacienda.environment.source import Source
from hacienda.quorum import Share

__all__ = [
    "ABBREVIATIONS",
    "STACKS",
    "SUITES",
    "Bmc",
    "Bond",
    "Cloud",
    "FirewallRule",
    "Network",
    "Node",
    "OwnCertificate",
    "PackageSources",
    "PhysicalNetwork",
    "Platform",
    "Route",
    "SecretStore",
    "Ssh",
    "StateBackend",
    "VirtualIp",
]

Options = TypeVar("Options", bound=ServiceOptions)


@dataclass(frozen=True)
class Cloud:
    """One environment, resolved. Build it with `hacienda.cloud.resolve`.

    Args:
        time_servers: time sources outside the cloud.
        trusted: settings of trust: dotted path in the file -> its value and what it decides.
        own_time_servers: time sources in the file that are machines of the cloud itself -> the machine. They are not used as
            sources.
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
    secrets: SecretStore = field(default_factory=SecretStore)
    state: StateBackend = field(default_factory=StateBackend)
    package_sources: PackageSources = field(default_factory=PackageSources)
    public_certificate: OwnCertificate | None = None
    accepts: tuple[Accept, ...] = ()
    firewall_rules: tuple[FirewallRule, ...] = ()
    own_time_servers: Mapping[str, str] = field(default_factory=dict)
    trusted: Mapping[str, Fact] = field(default_factory=dict, repr=False, compare=False)
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
        """Services that run on at least one node, in start order."""
        return tuple(service for service in self.registry if service.name in self._members)

    @cached_property
    def packages(self) -> tuple[str, ...]:
        """Debian packages of a machine image for this cloud, sorted: those of all its services on all roles."""
        return tuple(sorted({package for service in self.services for package in service.all_packages()}))

    @cached_property
    def assumptions(self) -> tuple[Mapping[str, str], ...]:
        """Assumptions of this cloud's services, in the form that the check in an image or on a node reads."""
        return tuple(each.to_json(service.name) for service in self.services for each in service.all_assumptions())

    def node(self, name: str) -> Node:
        """The node of that name. Raises KeyError."""
        return self._nodes[name]

    def role(self, role: Role) -> tuple[Node, ...]:
        """Nodes of a role, by number."""
        return self._roles.get(role, ())

    def provider(self, capability: Capability) -> Service | None:
        """The service of this cloud that offers a capability; None: no service does.

        Raises:
            DeclarationError: no such capability exists.
        """
        if capability not in get_args(Capability):
            raise DeclarationError(f"there is no capability {consistency.unknown(capability, get_args(Capability))}")
        return next((service for service in self.services if capability in service.provides), None)

    def members(self, service: str) -> tuple[Node, ...]:
        """Nodes that run a service, in the cloud's order; empty if no node runs it.

        Raises:
            DeclarationError: no such service exists.
        """
        found = self._members.get(service)
        if found is None:
            self.registry.require(service)
            return ()
        return found

    def servers(self, service: str) -> tuple[Node, ...]:
        """Members that run the service itself, without arbiters that run another program in its place."""
        declared = self.registry[service]
        return tuple(node for node in self.members(service) if declared.on(node.role) is declared)

    def running(self, node: Node) -> tuple[Service, ...]:
        """Services of a node, as machines of its role run them, in start order."""
        return tuple(self.registry[name].on(node.role) for name in node.services)

    def peers(self, service: str, node: Node) -> tuple[Node, ...]:
        """The other nodes that run a service."""
        return tuple(member for member in self.members(service) if member.name != node.name)

    def option(self, service: str) -> ServiceOptions:
        """The service's options, with defaults."""
        return self.options[service]

    def options_of(self, model: type[Options]) -> Options:
        """Options of the service that declares this model, with defaults.

        Raises:
            DeclarationError: no service declares it, or several do.
        """
        found = [options for options in self.options.values() if type(options) is model]
        if len(found) != 1:
            raise DeclarationError(f"{len(found)} services have the options {model.__name__}")
        return found[0]

    def voters(self, node: Node) -> Mapping[str, int]:
        """Voter groups in which the node votes: group -> weight."""
        return {name: 1 for name in node.services if self.registry[name].voters}

    def shares(self, node: Node) -> Mapping[str, Share]:
        """Redundancy groups in which the node holds copies: service -> its part. The group has its service's name."""
        found = {}
        for service, kept in self._counted:
            if service in node.services and kept.domain is not None and (domain := kept.domain(self, node)):
                copies = kept.copies(self)
                found[service] = Share(domain, copies, min(kept.minimum, copies))
        return found

    @cached_property
    def _counted(self) -> tuple[tuple[str, Redundancy], ...]:
        """Redundancies that restarts and plans count, each with the service that holds the copies."""
        return tuple(
            (kept.held_by or service.name, kept)
            for service in self.services
            for kept in service.redundancy
            if kept.domain is not None
        )

    def copies(self, capability: Capability) -> int:
        """The most copies that the provider of a capability keeps of anything; 0: no service provides it, or it keeps none."""
        provider = self.provider(capability)
        return max((kept.copies(self) for kept in provider.redundancy), default=0) if provider else 0

    def keepers(self, node: Node) -> Mapping[str, tuple[str, ...]]:
        """Members that take this node out of their clusters when it leaves: name -> the services that do it. Empty: it is in no
        cluster but those in which it votes."""
        found: dict[str, list[str]] = {}
        for name in node.services:
            capability = self.registry[name].drained_by
            keeper = self.provider(capability) if capability else None
            for member in self.members(keeper.name) if keeper else ():
                if member.name != node.name and keeper and keeper.name not in found.setdefault(member.name, []):
                    found[member.name].append(keeper.name)
        return {name: tuple(services) for name, services in found.items()}

    @cached_property
    def voting(self) -> tuple[Node, ...]:
        """Nodes that vote in any group, in the cloud's order. They are few, also in a cloud with many compute nodes."""
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
        """The network of a purpose; without one, the management network.

        Raises:
            DeclarationError: no such purpose exists.
            KeyError: the environment has no management network.
        """
        if purpose not in PURPOSES:
            raise DeclarationError(f"there is no purpose {consistency.unknown(purpose, PURPOSES)}")
        for network in self.networks:
            if purpose in network.purposes:
                return network
        if purpose == "management":
            raise KeyError("no management network")
        return self.management

    def gateways(self, network: Network) -> tuple[Node, ...]:
        """Machines that connect instances to an external network. The gateways of the logical network are network machines, or
        controllers in a cloud without any. Without a logical network, whatever connects instances may run on any machine of that
        network."""
        here = tuple(node for node in self.nodes if node.role in network.roles)
        if self.provider("logical network") is None:
            return here
        if not self.role("network"):
            # A card with the machine's address stays the machine's.
            return tuple(node for node in here if node.role == "controller" and network.without_addresses)
        return tuple(node for node in here if node.role == "network")

    @cached_property
    def physical_networks(self) -> tuple[Network, ...]:
        """Networks on which instances may have provider networks, by name. Each has `physical`."""
        return tuple(network for network in self.networks if network.physical is not None)

    def attached(self, node: Node) -> tuple[Network, ...]:
        """Networks that the node has a card on, in the order of its cards.

        Networks with an address come first, so that a card without an address changes no other card's name.
        """
        addressed = [network for network in self.networks if network.name in node.addresses]
        bare = [network for network in self.networks if network.without_addresses and node.role in network.roles]
        return tuple(addressed + [network for network in bare if network.name not in node.addresses])

    def address(self, node: Node, purpose: Purpose = "management") -> IPv4Address:
        """The node's address on the network of a purpose; its management address if it has none there."""
        network = self.network(purpose)
        return node.addresses.get(network.name, node.addresses[self.management.name])

    def virtual_ip(self, scope: Scope) -> VirtualIp | None:
        """The virtual IP that serves a scope; None if the environment has none."""
        return next((vip for vip in self.virtual_ips if scope in vip.scopes), None)

    def fqdn(self, node: Node) -> str:
        """Fully qualified host name."""
        return f"{node.name}.{self.domain}"

    def endpoint(self, service: str, port: str, scope: Scope = "internal") -> tuple[str, int]:
        """Host name and port at which clients of a scope reach a service: those of its virtual IP, or of its only node."""
        number = self.registry[service].port(port).number
        vip = self.virtual_ip(scope)
        fronts = (f for f in self.registry[service].frontends if f.port == port and scope in f.scopes)
        front = next(fronts, None)
        if vip is not None and front is not None:
            return vip.name_for(scope) if front.mode == "http" else self.own_name(service), number
        return self.fqdn(self.servers(service)[0]), number

    def own_name(self, service: str) -> str:
        """Name of the virtual IP for clients of a service whose TLS the load balancers pass through.

        The service's own certificate names it. The other names of the virtual IP are in the load balancers' certificate.
        """
        return f"{service}.{self.domain}"

    def own_names(self, vip: VirtualIp) -> tuple[str, ...]:
        """The names, as of `own_name`, of all such services on a virtual IP."""
        return tuple(
            self.own_name(service.name)
            for service in self.services
            if any(front.mode == "tcp" and set(front.scopes) & set(vip.scopes) for front in service.frontends)
        )

    def accounts(self, kind: str) -> tuple[Account, ...]:
        """Accounts of a kind that this cloud's services declare, each once, by name."""
        found = {one.name: one for service in self.services for one in service.accounts if one.kind == kind}
        return tuple(found[name] for name in sorted(found))
