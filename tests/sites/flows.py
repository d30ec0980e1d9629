"""Who must reach whom: every declared client of every service, from each machine it may run on and each address it may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from hacienda.cloud import routes
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Port, Service
from tests.sites.nftables import Packet

STRANGER = IPv4Address("198.18.0.99")
"""Somebody who is on no network of any environment (RFC 2544)."""


@dataclass(frozen=True)
class Flow:
    """One client's way to one service.

    Args:
        client: machine, or who else.
        server: machine that must let the packet in.
        service, port: what it asks.
        packet: its first packet; None: the client has no route there.
    """

    client: str
    server: str
    service: str
    port: str
    packet: Packet | None


def flows(cloud: Cloud) -> Iterator[Flow]:
    """All of them. As servers the first and last machine of a role that does not vote stand for the rest; as clients none does."""
    for server in servers(cloud):
        for service in cloud.running(server):
            for port in service.ports:
                yield from _direct(cloud, server, service, port)
        if "haproxy" in server.services:
            yield from _fronts(cloud, server)


def servers(cloud: Cloud) -> tuple[Node, ...]:
    """Every machine that votes, and the first and last of each role."""
    ends = {
        node.name: node
        for role in {node.role for node in cloud.nodes}
        for node in cloud.role(role)[:: len(cloud.role(role)) - 1 or 1]
    }
    return tuple(node for node in cloud.nodes if node in cloud.voting or node.name in ends)


def _direct(cloud: Cloud, server: Node, service: Service, port: Port) -> Iterator[Flow]:
    """Clients of a service's own port on one machine."""
    if port.protocol == "vrrp":
        yield from _vrrp(cloud, server)
        return
    target = cloud.address(server, "public" if port.clients == "public" else "management")
    asks = _Ask(cloud, server, service.name, port)
    if any(port.name in (front.port, front.check.port) for front in service.frontends):
        yield from asks.from_machines(cloud.peers("haproxy", server), target)
    if cloud.virtual_ip("internal") and any(port.name == front.port for front in service.frontends):
        return  # their clients come to the virtual IP
    match port.clients:
        case "peers":
            listening = [
                m for m in cloud.peers(service.name, server) if port in cloud.registry[service.name].on(m.role).ports
            ]
            yield from asks.from_machines(listening, target)
        case "members":
            yield from asks.from_machines(cloud.peers(service.name, server), target)
        case "users":
            offered = set(service.provides)
            users = [node for node in cloud.nodes if any(offered & set(one.requires) for one in cloud.running(node))]
            yield from asks.from_machines(users, target)
        case "internal":
            # Only controllers give the time: nobody asks the others.
            if service.name != "chrony" or server.role == "controller":
                network = cloud.network(port.network)
                there = [node for node in cloud.nodes if network.name in node.addresses]
                yield from asks.from_machines(there, cloud.address(server, port.network))
        case "operator":
            yield from asks.from_machines(cloud.nodes, target)
            for network in getattr(cloud.option("firewall"), "operator_networks", ()):
                yield from asks.from_address("operators", network[1], target)
        case "public":
            yield from asks.from_machines(cloud.nodes, target)
            yield from asks.from_address("anybody", STRANGER, target)


def _vrrp(cloud: Cloud, server: Node) -> Iterator[Flow]:
    for peer in cloud.peers("keepalived", server) if cloud.virtual_ips else ():
        packet = Packet(cloud.address(peer), cloud.address(server), "vrrp")
        yield Flow(peer.name, server.name, "keepalived", "vrrp", packet)


def _fronts(cloud: Cloud, server: Node) -> Iterator[Flow]:
    """Clients of the front ends on the virtual IPs, which this machine may hold."""
    for service in cloud.services:
        for front in service.frontends:
            asks = _Ask(cloud, server, service.name, service.port(front.port))
            for scope in front.scopes:
                vip = cloud.virtual_ip(scope)
                if vip is None:
                    continue
                if scope == "internal":
                    yield from asks.from_machines(cloud.nodes, vip.address)
                    if vip.network == cloud.management.name:
                        # Whole networks are let in, so that a new machine changes nobody's rules.
                        yield from asks.from_address("a machine to come", cloud.management.cidr[-2], vip.address)
                else:
                    # Our machines ask the internal one; who has no way out need not reach this one.
                    able = (node for node in cloud.nodes if routes.leaving(cloud, node, vip.address) is not None)
                    yield from asks.from_machines(able, vip.address)
                    yield from asks.from_address("anybody", STRANGER, vip.address)


@dataclass(frozen=True)
class _Ask:
    cloud: Cloud
    server: Node
    service: str
    port: Port

    def from_machines(self, clients: Iterable[Node], target: IPv4Address) -> Iterator[Flow]:
        """From every address that each of them may have."""
        for client in clients:
            if client.name == self.server.name:
                continue
            network = routes.leaving(self.cloud, client, target)
            if network is None:
                yield Flow(client.name, self.server.name, self.service, self.port.name, None)
                continue
            yield from self.from_address(client.name, client.addresses[network.name], target)
            for vip in self.cloud.virtual_ips:
                if vip.network == network.name and vip.address != target and "keepalived" in client.services:
                    yield from self.from_address(client.name, vip.address, target)

    def from_address(self, client: str, source: IPv4Address, target: IPv4Address) -> Iterator[Flow]:
        """From one address."""
        packet = Packet(source, target, self.port.protocol, self.port.number)
        yield Flow(client, self.server.name, self.service, self.port.name, packet)
