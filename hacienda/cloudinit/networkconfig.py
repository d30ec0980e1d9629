"""Network configuration for cloud-init, version 2: static addresses, routes, name servers, bonds and VLANs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hacienda.cloud.model import Bond, Cloud, Network, Node
from hacienda.cloudinit import templating


@dataclass(frozen=True)
class Link:
    """One layer of a node's network, as cloud-init names it.

    Args:
        name: interface name.
        nics: members of a bond.
        mode: bond mode; empty: not a bond.
        vlan: VLAN id; None: untagged.
        below: interface a VLAN rides on.
        address: `address/prefix`; empty: none of its own.
        gateway: default route's next hop; empty: none.
        name_servers: on the management interface only.
    """

    name: str
    nics: tuple[str, ...] = ()
    mode: str = ""
    vlan: int | None = None
    below: str = ""
    mtu: int = 1500
    address: str = ""
    gateway: str = ""
    name_servers: tuple[str, ...] = ()


def network_config(cloud: Cloud, node: Node) -> str:
    """The node's network-config.

    NICs are eth0, eth1, ... in the order of the environment's networks that the node is on, as the platforms attach them;
    networks that name a bond share its NICs, which keep the names the machine gives them.
    """
    links: dict[str, Link] = {}
    bonds: dict[Bond, str] = {}
    count = 0
    for network in cloud.networks:
        if network.name not in node.addresses:
            continue
        if network.bond is None:
            lower, count = f"eth{count}", count + 1
        else:
            lower = bonds.setdefault(network.bond, f"bond{len(bonds)}")
        for link in _links(cloud, node, network, lower):
            links[link.name] = _merged(links.get(link.name, link), link)
    bonded = [nic for link in links.values() for nic in link.nics]
    return templating.render(
        templating.OWN_TEMPLATES,
        "network-config.j2",
        bonded=bonded,
        plain=[link for link in links.values() if not link.mode and link.vlan is None],
        bonds=[link for link in links.values() if link.mode],
        vlans=[link for link in links.values() if link.vlan is not None],
    )


def _links(cloud: Cloud, node: Node, network: Network, lower: str) -> list[Link]:
    """The network's interface and, where it is tagged, the one below."""
    layer3 = {
        "mtu": network.mtu,
        "address": f"{node.addresses[network.name]}/{network.cidr.prefixlen}",
        "gateway": str(network.gateway) if network is _way_out(cloud, node) else "",
        "name_servers": cloud.name_servers if network is cloud.management else (),
    }
    hardware = {"nics": network.bond.nics, "mode": network.bond.mode} if network.bond else {}
    if network.vlan is None:
        return [Link(name=lower, **hardware, **layer3)]  # type: ignore[arg-type]
    below = Link(name=lower, mtu=network.mtu, **hardware)  # type: ignore[arg-type]
    return [below, Link(name=f"vlan{network.vlan}", vlan=network.vlan, below=lower, **layer3)]  # type: ignore[arg-type]


def _merged(one: Link, other: Link) -> Link:
    """One interface that several networks use: a VLAN cannot carry larger packets than what it rides on."""
    addressed = one if one.address else other
    return replace(addressed, mtu=max(one.mtu, other.mtu))


def _way_out(cloud: Cloud, node: Node) -> Network | None:
    """The network with the default route: the public one where the node is on it, else management, else any."""
    wanted = (cloud.network("public"), cloud.management, *cloud.networks)
    return next((n for n in wanted if n.gateway is not None and n.name in node.addresses), None)
