"""Network configuration for cloud-init, version 2: static addresses, routes, name servers, bonds and VLANs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hacienda.cloud import interfaces, routes
from hacienda.cloud.model import Bond, Cloud, Network, Node
from hacienda.cloudinit import templating


@dataclass(frozen=True)
class Link:
    """One layer of a node's network, as cloud-init names it.

    Args:
        name: interface name.
        bond: bonded cards and their mode; None: not a bond.
        vlan: VLAN id; None: untagged.
        below: interface that carries the VLAN.
        address: `address/prefix`; empty: none of its own.
        routes: destination and router of each route, the default one included.
        optional: whether the boot does not wait for it, because it has no address.
        name_servers: on the management interface only.
    """

    name: str
    bond: Bond | None = None
    vlan: int | None = None
    below: str = ""
    mtu: int = 1500
    address: str = ""
    routes: tuple[tuple[str, str], ...] = ()
    optional: bool = False
    name_servers: tuple[str, ...] = ()


def network_config(cloud: Cloud, node: Node) -> str:
    """The node's network-config. Its interfaces have the names of `cloud.interfaces`."""
    links: dict[str, Link] = {}
    lower, names = interfaces.carriers(cloud, node), interfaces.names(cloud, node)
    for network in cloud.attached(node):
        for link in _links(cloud, node, network, lower[network.name], names[network.name]):
            links[link.name] = _merged(links.get(link.name, link), link)
    bonded = [nic for link in links.values() if link.bond for nic in link.bond.nics]
    return templating.render(
        templating.OWN_TEMPLATES,
        "network-config.j2",
        bonded=bonded,
        plain=[link for link in links.values() if not link.bond and link.vlan is None],
        bonds=[link for link in links.values() if link.bond],
        vlans=[link for link in links.values() if link.vlan is not None],
    )


def _links(cloud: Cloud, node: Node, network: Network, lower: str, name: str) -> list[Link]:
    """The network's interface and, if it is tagged, the interface that carries it."""
    address = node.addresses.get(network.name)
    bond = interfaces.bond(node, network)
    layer3 = Link(
        name=name,
        mtu=network.mtu,
        address=f"{address}/{network.cidr.prefixlen}" if address else "",
        routes=tuple(_routes(cloud, node, network)),
        optional=address is None,
        name_servers=cloud.name_servers if network is cloud.management else (),
    )
    if network.vlan is None:
        return [replace(layer3, bond=bond)]
    below = Link(name=lower, mtu=network.mtu, bond=bond, optional=address is None)
    return [below, replace(layer3, vlan=network.vlan, below=lower)]


def _routes(cloud: Cloud, node: Node, network: Network) -> Iterator[tuple[str, str]]:
    """Routes that leave by a network, as destination and router."""
    if network is routes.way_out(cloud, node):
        yield "0.0.0.0/0", str(network.gateway)
    yield from ((str(route.to), str(route.via)) for leaves, route in routes.static(cloud, node) if leaves is network)


def _merged(one: Link, other: Link) -> Link:
    """One interface for several networks. It has the largest MTU, because a VLAN cannot carry larger packets than its interface."""
    addressed = one if one.address else other
    return replace(addressed, mtu=max(one.mtu, other.mtu), optional=one.optional and other.optional)
