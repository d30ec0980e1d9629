"""Host firewall: nftables rules derived from the ports that the services on the node declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from hacienda.cloud.model import Cloud, FirewallRule, Node
from hacienda.declare import Assumption, Instead, Port, Sandbox, Script, Service, ServiceOptions, Template
from hacienda.declare.network import CONTROL, Traffic
from hacienda.declare.trust import Trust


class Options(ServiceOptions):
    """Options of the host firewall."""

    operator_networks: Annotated[
        tuple[IPv4Network, ...], Trust("from where SSH and the statistics pages are reached")
    ] = ()
    """Networks besides the management network from which operators reach SSH and the statistics pages. Default: none."""
    log_per_minute: Annotated[int, Field(ge=1, le=1000)] = 10
    """Refused packets logged per minute and node; the rest is only counted. Default: 10."""


_MANAGEMENT = "ip saddr @management"
_OPERATORS = "ip saddr @operators"


@dataclass(frozen=True, order=True)
class Rule:
    """Ports of one service that the same clients may reach.

    Args:
        service: for the comment.
        match: nftables expression that selects the packets.
        protocol: `tcp` or `udp`.
        ports: port numbers and ranges, in the syntax of nftables, ascending.
    """

    service: str
    match: str
    protocol: str
    ports: tuple[str, ...]

    @property
    def anywhere(self) -> bool:
        """Whether the rule accepts every source address, on any interface."""
        return "saddr" not in self.match

    def __str__(self) -> str:
        return f'{self.match} {self.protocol} dport {{ {", ".join(self.ports)} }} accept comment "{self.service}"'


@dataclass(frozen=True, order=True)
class Group:
    """Machines that talk to a service's members.

    Args:
        service: its name.
        members: `peers`: all its members; `servers`: all but arbiters on which another program votes; `users`: machines of services
            that require one of its capabilities.
    """

    service: str
    members: Literal["peers", "servers", "users"] = "peers"

    @property
    def set(self) -> str:
        """Name of the nftables set that holds their addresses."""
        return f"{self.service.replace('-', '_')}_{self.members}"

    @property
    def match(self) -> str:
        """The nftables expression that matches their packets."""
        return f"ip saddr @{self.set}"

    def addresses(self, cloud: Cloud, node: Node) -> list[str]:
        """Management addresses of the other machines, and the virtual IP on management that one of them may hold.

        The kernel may choose any address of an interface as a packet's source.
        """
        others = [member for member in self._machines(cloud) if member.name != node.name]
        found = {cloud.address(other) for other in others}
        if any("keepalived" in other.services for other in others):
            found |= {vip.address for vip in cloud.virtual_ips if vip.network == cloud.management.name}
        return [str(address) for address in sorted(found)]

    def _machines(self, cloud: Cloud) -> Iterable[Node]:
        match self.members:
            case "peers":
                return cloud.members(self.service)
            case "servers":
                return cloud.servers(self.service)
            case "users":
                offered = set(cloud.registry[self.service].provides)
                using = (service for service in cloud.services if offered & set(service.requires))
                return (machine for service in using for machine in cloud.servers(service.name))


_BALANCERS = Group("haproxy")

_NEIGHBOURS = "neighbours"
"""Name of the nftables set of machines on the internal virtual IP's network, where that is not the management network. Their
packets come from their addresses there."""


def _neighbours(cloud: Cloud) -> list[str]:
    """Addresses of the cloud's machines on the internal virtual IP's network; none on management, which is allowed as a whole."""
    vip = cloud.virtual_ip("internal")
    if vip is None or vip.network == cloud.management.name:
        return []
    return [str(node.addresses[vip.network]) for node in cloud.nodes if vip.network in node.addresses]


def _group(cloud: Cloud, service: Service, port: Port) -> Group:
    """The machines that reach a control port: users, all members, or only the members that listen on it themselves."""
    if port.clients == "users":
        return Group(service.name, "users")
    if port.clients == "members":
        return Group(service.name)
    declared = cloud.registry[service.name]
    listening = all(port in declared.on(member.role).ports for member in cloud.members(service.name))
    return Group(service.name, "peers" if listening else "servers")


def _clients(cloud: Cloud, node: Node, service: Service, port: Port) -> set[str]:
    """nftables expressions that match packets of a port's clients."""
    match port.clients:
        case "peers" | "members" | "users":
            return {_group(cloud, service, port).match}
        case "internal":
            return {_within(cloud, port.network)}
        case "operator":
            return {_MANAGEMENT, _OPERATORS}
        case "public":
            return {_MANAGEMENT, f"ip daddr {cloud.address(node, 'public')}"}


def _within(cloud: Cloud, purpose: Traffic) -> str:
    """The nftables expression that matches packets from the network of a purpose."""
    network = cloud.network(purpose)
    return _MANAGEMENT if network.name == cloud.management.name else f"ip saddr @{purpose}"


def _range(port: Port) -> str:
    return str(port.number) if port.last is None else f"{port.number}-{port.last}"


def _behind(cloud: Cloud, service: Service, port: Port) -> bool:
    """Whether a port's clients connect to a virtual IP. Only load balancers reach the port then, because they limit each source."""
    scopes = {scope for front in service.frontends if front.port == port.name for scope in front.scopes}
    return any(cloud.virtual_ip(scope) is not None for scope in scopes)


def _service_rules(cloud: Cloud, node: Node, service: Service) -> Iterable[Rule]:
    """Rules for a service on this node. Load balancers reach its balanced ports and the ports of their health checks."""
    balanced = {name for front in service.frontends for name in (front.port, front.check.port)}
    ports: dict[tuple[str, str], list[Port]] = {}
    for port in service.ports:
        direct = port.protocol != "vrrp" and not _behind(cloud, service, port)
        matches = _clients(cloud, node, service, port) if direct else set()
        members = cloud.members(service.name) if port.clients == "members" else ()
        within = all(balancer in members for balancer in cloud.members("haproxy"))
        if port.name in balanced and _MANAGEMENT not in matches and not within:
            matches.add(_BALANCERS.match)
        for match in matches:
            ports.setdefault((match, port.protocol), []).append(port)
    for (match, protocol), opened in ports.items():
        yield Rule(service.name, match, protocol, tuple(map(_range, sorted(opened, key=lambda port: port.number))))


def _front_rules(cloud: Cloud, node: Node) -> Iterable[Rule]:
    """Rules for the virtual IPs that this node may hold: any client reaches public front ends, the cloud's reach internal ones."""
    vip, internal = cloud.virtual_ip("public"), cloud.virtual_ip("internal")
    for service in cloud.services:
        for front in service.frontends:
            port = service.port(front.port)
            matches = set()
            if "public" in front.scopes and vip is not None:
                matches.add(f"ip daddr {vip.address}")
            if "internal" in front.scopes and internal is not None and f"ip daddr {internal.address}" not in matches:
                ours = f"ip saddr @{_NEIGHBOURS}" if _neighbours(cloud) else _MANAGEMENT
                matches.add(f"{ours} ip daddr {internal.address}")
            for match in matches:
                yield Rule(service.name, match, port.protocol, (_range(port),))


def _groups(cloud: Cloud, node: Node) -> dict[Group, list[str]]:
    """Every group that this node belongs to, or serves as a backend, with the addresses of the other machines."""
    ports = ((service, port) for service in cloud.running(node) for port in service.ports)
    groups = {_group(cloud, service, port) for service, port in ports if port.clients in CONTROL} | {_BALANCERS}
    return {group: group.addresses(cloud, node) for group in sorted(groups)}


def _rules(cloud: Cloud, node: Node, groups: Mapping[Group, list[str]]) -> list[Rule]:
    here = cloud.running(node)
    rules = [rule for service in here for rule in _service_rules(cloud, node, service)]
    if "haproxy" in node.services:
        rules += _front_rules(cloud, node)
    if cloud.ssh.port not in {port.number for service in here for port in service.ports}:
        rules += [Rule("ssh", match, "tcp", (str(cloud.ssh.port),)) for match in (_MANAGEMENT, _OPERATORS)]
    # A group of one has no peers to allow.
    alone = {group.match for group, addresses in groups.items() if not addresses}
    return sorted(rule for rule in rules if rule.match not in alone)


_PROTOCOLS = {"gre": 47, "esp": 50, "ospf": 89}
"""Numbers of IP protocols without ports (IANA): nftables looks names up in a file that a machine may lack."""


def _own(rule: FirewallRule) -> str:
    """An operator's rule, in the syntax of nftables."""
    sources = f"ip saddr {{ {', '.join(map(str, rule.sources))} }} " if rule.sources else ""
    ranges = (str(first) if first == last else f"{first}-{last}" for first, last in rule.ports)
    what = (
        f"{rule.protocol} dport {{ {', '.join(ranges)} }}" if rule.ports else f"ip protocol {_PROTOCOLS[rule.protocol]}"
    )
    return f'{sources}{what} accept comment "{rule.name}"'


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    groups = _groups(cloud, node)
    rules = _rules(cloud, node, groups)
    speaking = [Group(s.name) for s in cloud.running(node) if any(port.protocol == "vrrp" for port in s.ports)]
    vrrp = [group for group in speaking if groups[group]]
    used = {rule.match for rule in rules} | {group.match for group in vrrp}
    sets = {group.set: addresses for group, addresses in groups.items() if group.match in used}
    if any(f"@{_NEIGHBOURS} " in rule.match for rule in rules):
        sets[_NEIGHBOURS] = _neighbours(cloud)
    whole = {"management": cloud.management.cidr}
    whole |= {
        one: cloud.network(one).cidr
        for one in get_args(Traffic)
        if any(f"@{one} " in f"{rule.match} " for rule in rules)
    }
    return {
        "networks": whole,
        "sets": sets,
        "anywhere": [rule for rule in rules if rule.anywhere],
        "own": [_own(rule) for rule in cloud.firewall_rules if node.name in rule.nodes],
        "vrrp": [group.set for group in vrrp],
        "rules": [rule for rule in rules if not rule.anywhere],
    }


service = Service(
    name="firewall",
    title="Host firewall, derived from the declared ports",
    roles=("every",),
    provides=("packet filter",),
    after=("host",),
    packages=("nftables",),
    units=("nftables.service",),
    files=(
        Template("/etc/nftables.conf", checker="nft", source="nftables.conf.j2", mode=0o640, on_change="reload"),
        Template("/etc/systemd/system/nftables.service", checker="systemd-analyze", on_change="none"),
    ),
    variables=_variables,
    options=Options,
    sandboxes=(
        Sandbox(
            "nftables.service",
            ceiling=2.8,
            instead=(
                Instead("PrivateTmp", "", "it starts before /tmp is mounted"),
                Instead("RestrictAddressFamilies", "AF_UNIX AF_NETLINK", "it sets rules over netlink"),
                Instead("CapabilityBoundingSet", "CAP_NET_ADMIN", "it only sets rules"),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    assumptions=(
        Assumption("nftables", "program", "/usr/sbin/nft", reason="nftables.service loads the rules with it"),
    ),
)
