"""Host firewall: nftables rules derived from the ports that the services on the node declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Port, Script, Service, ServiceOptions, Template


class Options(ServiceOptions):
    """Options of the host firewall."""

    operator_networks: tuple[IPv4Network, ...] = ()
    """Networks beside the management network from which operators reach SSH and the statistics pages. Default: none."""
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
        ports: port numbers, ascending.
    """

    service: str
    match: str
    protocol: str
    ports: tuple[int, ...]

    def __str__(self) -> str:
        numbers = ", ".join(str(port) for port in self.ports)
        return f'{self.match} {self.protocol} dport {{ {numbers} }} accept comment "{self.service}"'


def _peer_set(service: str) -> str:
    return f"{service.replace('-', '_')}_peers"


def _from_peers(service: str) -> str:
    return f"ip saddr @{_peer_set(service)}"


def _peer_addresses(cloud: Cloud, node: Node, service: str) -> list[str]:
    """Every address of the other members: VRRP comes from the virtual IP's network, not only from management."""
    found = {address for peer in cloud.peers(service, node) for address in peer.addresses.values()}
    return [str(address) for address in sorted(found)]


def _clients(cloud: Cloud, node: Node, service: Service, port: Port) -> set[str]:
    """Packets of a port's clients, as nftables expressions."""
    match port.clients:
        case "peers":
            return {_from_peers(service.name)}
        case "internal":
            return {_MANAGEMENT}
        case "operator":
            return {_MANAGEMENT, _OPERATORS}
        case "public":
            return {_MANAGEMENT, f"ip daddr {cloud.address(node, 'public')}"}


def _service_rules(cloud: Cloud, node: Node, service: Service) -> Iterable[Rule]:
    """Rules for a service that runs here. Load balancers reach the balanced ports and those their checks ask."""
    balanced = {name for front in service.frontends for name in (front.port, front.check.port)}
    ports: dict[tuple[str, str], list[int]] = {}
    for port in service.ports:
        matches = _clients(cloud, node, service, port) if port.protocol != "vrrp" else set()
        if port.name in balanced and _MANAGEMENT not in matches:
            matches.add(_from_peers("haproxy"))
        for match in matches:
            ports.setdefault((match, port.protocol), []).append(port.number)
    for (match, protocol), numbers in ports.items():
        yield Rule(service.name, match, protocol, tuple(sorted(numbers)))


def _front_rules(cloud: Cloud, node: Node) -> Iterable[Rule]:
    """Rules for the virtual IPs that this node may hold.

    Anybody reaches a public front end at its virtual IP, whoever may talk to the backends themselves. Clients of services
    that run elsewhere come here all the same.
    """
    vip = cloud.virtual_ip("public")
    for service in cloud.services:
        for front in service.frontends:
            port = service.port(front.port)
            elsewhere = service.name not in node.services
            matches = _clients(cloud, node, service, port) - {_from_peers(service.name)} if elsewhere else set()
            if "public" in front.scopes and vip is not None:
                matches.add(f"ip daddr {vip.address}")
            for match in matches:
                yield Rule(service.name, match, port.protocol, (port.number,))


def _has_peers(cloud: Cloud, service: str, node: Node) -> bool:
    return any(member.name != node.name for member in cloud.members(service))


def _rules(cloud: Cloud, node: Node) -> list[Rule]:
    here = [service for service in cloud.services if service.name in node.services]
    rules = [rule for service in here for rule in _service_rules(cloud, node, service)]
    if "haproxy" in node.services:
        rules += _front_rules(cloud, node)
    if cloud.ssh.port not in {port.number for service in here for port in service.ports}:
        rules += [Rule("ssh", match, "tcp", (cloud.ssh.port,)) for match in (_MANAGEMENT, _OPERATORS)]
    # A group of one has no peers, and nothing to allow them.
    alone = {_from_peers(name) for name in {*node.services, "haproxy"} if not _has_peers(cloud, name, node)}
    return sorted(rule for rule in rules if rule.match not in alone)


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    rules = _rules(cloud, node)
    here = [service for service in cloud.services if service.name in node.services]
    vrrp = [s.name for s in here if any(p.protocol == "vrrp" for p in s.ports) and _has_peers(cloud, s.name, node)]
    used = {rule.match for rule in rules} | {_from_peers(name) for name in vrrp}
    return {
        "management": cloud.management.cidr,
        "peers": {
            _peer_set(name): _peer_addresses(cloud, node, name)
            for name in sorted({*node.services, "haproxy"})
            if _from_peers(name) in used
        },
        "vrrp": [_peer_set(name) for name in vrrp],
        "rules": rules,
    }


service = Service(
    name="firewall",
    title="Host firewall, derived from the declared ports",
    role="every",
    after=("host",),
    packages=("nftables",),
    units=("nftables.service",),
    files=(Template("/etc/nftables.conf", checker="nft", source="nftables.conf.j2", mode=0o640, on_change="reload"),),
    variables=_variables,
    options=Options,
    verify=Script("verify.sh"),
)
