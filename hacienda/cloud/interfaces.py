"""Names of the interfaces on which a node has its networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hacienda.cloud.model import Bond, Cloud, Network, Node


def bond(node: Node, network: Network) -> Bond | None:
    """The network's bond with this node's cards; None: the network has none."""
    return replace(network.bond, nics=node.cards(network.bond.nics)) if network.bond is not None else None


def carriers(cloud: Cloud, node: Node) -> Mapping[str, str]:
    """Network name -> name of the card or bond that carries it.

    Cards are eth0, eth1, ... in the order of the node's networks (`Cloud.attached`), as the platforms attach them. Networks that
    name a bond or a card may share it. Named cards keep the names that the machine gives them.
    """
    found: dict[str, str] = {}
    bonds: dict[Bond, str] = {}
    count = 0
    for network in cloud.attached(node):
        bonded = bond(node, network)
        if bonded is not None:
            found[network.name] = bonds.setdefault(bonded, f"bond{len(bonds)}")
        elif network.nic is not None:
            found[network.name] = node.card(network.nic)
        else:
            found[network.name], count = f"eth{count}", count + 1
    return found


def names(cloud: Cloud, node: Node) -> Mapping[str, str]:
    """Network name -> name of the interface with the network's packets as machines see them: the card, the bond, or the
    interface of its VLAN on one of them."""
    lower = carriers(cloud, node)
    return {network.name: _on(cloud, network, lower[network.name]) for network in cloud.attached(node)}


def _on(cloud: Cloud, network: Network, lower: str) -> str:
    """The interface of a network. Two switch fabrics may use the same VLAN, so the name then has the interface below in it."""
    if network.vlan is None:
        return lower
    alike = [one for one in cloud.networks if one.vlan == network.vlan]
    return f"vlan{network.vlan}" if len(alike) == 1 else f"{lower}.{network.vlan}"
