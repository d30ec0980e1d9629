"""The routes of a node's packets: the network with the default route, static routes, and the resulting source
address."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from hacienda.cloud.model import Cloud
from hacienda.cloud.network import Network, Route
from hacienda.cloud.node import Node


def way_out(cloud: Cloud, node: Node) -> Network | None:
    """The network with the node's default route: the public network if the node is on it, else management, else any."""
    wanted = (cloud.network("public"), cloud.management, *cloud.networks)
    return next((n for n in wanted if n.gateway is not None and n.name in node.addresses), None)


def static(cloud: Cloud, node: Node) -> Iterator[tuple[Network, Route]]:
    """The node's static routes, each with its outgoing network. A network of the node itself needs no route."""
    own = {network.cidr for network in cloud.networks if network.name in node.addresses}
    for network in cloud.networks:
        if network.name in node.addresses:
            yield from ((network, route) for route in network.routes if route.to not in own)


def back(cloud: Cloud, node: Node) -> tuple[Network, ...]:
    """Networks whose gateway is not the default route's. Replies to packets from such a gateway must use it, because a
    router that sees only one direction drops the connection."""
    out = way_out(cloud, node)
    return tuple(n for n in cloud.networks if n.gateway is not None and n.name in node.addresses and n is not out)


def symmetric(cloud: Cloud, node: Node) -> bool:
    """Whether all packets arrive on the card on which the node's replies leave. The kernel may then drop all others (a
    strict reverse-path filter, RFC 3704). This is not so in three cases: the node has routing rules, which the filter
    does not follow; a machine beside one of the node's networks reaches another of them through a router; or a client
    arrives on the public network and its replies leave on another."""
    out, public = way_out(cloud, node), cloud.network("public")
    if back(cloud, node) or any(static(cloud, node)):
        return False
    if public.name in node.addresses and out not in (None, public):
        return False
    alike = {tuple(sorted(other.addresses)): other for other in cloud.nodes}
    for other in alike.values():
        for network in (one for one in cloud.networks if one.name in node.addresses.keys() - other.addresses.keys()):
            begins = leaving(cloud, other, node.addresses[network.name])
            ends = begins if begins is not None and begins.name in node.addresses else out
            if begins is not None and ends is not network:
                return False
    return True


def leaving(cloud: Cloud, node: Node, destination: IPv4Address) -> Network | None:
    """The network on which the node's packets to an address leave; None: it has no route there."""
    for network in cloud.networks:
        if network.name in node.addresses and destination in network.cidr:
            return network
    wider = [(route.to.prefixlen, network) for network, route in static(cloud, node) if destination in route.to]
    if wider:
        return max(wider, key=lambda found: found[0])[1]
    return way_out(cloud, node)


def source(cloud: Cloud, node: Node, destination: IPv4Address) -> IPv4Address | None:
    """The source address that the kernel chooses for the node's packets to an address; None: it has no route there."""
    network = leaving(cloud, node, destination)
    return node.addresses[network.name] if network is not None else None
