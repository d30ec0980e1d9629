"""A picture of a cloud in text: networks and virtual IPs, failure domains with their machines, and who votes with whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hacienda import quorum
from hacienda.cloud.model import Cloud, Network, Node

MANY = 8
"""From so many machines of one role in one failure domain on, they are drawn as one line."""


def draw(cloud: Cloud) -> RenderableType:
    """The whole picture, for a Rich console of any width."""
    title = f"{cloud.name} · {cloud.region} · {cloud.domain}"
    return Group(Panel(_networks(cloud), title=title, title_align="left"), _machines(cloud), _voters(cloud))


def _networks(cloud: Cloud) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for network in cloud.networks:
        table.add_row(Text(network.name, style="bold"), str(network.cidr), _traits(network))
        for vip in cloud.virtual_ips:
            if vip.network == network.name:
                said = f"{vip.hostname} ({', '.join(vip.scopes)})"
                table.add_row("", Text(f"◆ {vip.address}", style="green"), Text(said, style="green"))
    return table


def _traits(network: Network) -> str:
    said = [f"gateway {network.gateway}"] if network.gateway else []
    said += [f"vlan {network.vlan}"] if network.vlan is not None else []
    said += [f"mtu {network.mtu}"] if network.mtu != Network.mtu else []
    said += [" over ".join([network.bond.mode, "+".join(network.bond.nics)])] if network.bond else []
    return ", ".join(said)


def _machines(cloud: Cloud) -> Tree:
    tree = Tree(Text(f"{len(cloud.nodes)} machines", style="bold"))
    kinds = [kind for kind in ("zone", "rack", "power", "host") if any(kind in node.domains for node in cloud.nodes)]
    for place, nodes in _grouped(cloud.nodes, kinds):
        branch = tree.add(Text(place, style="cyan")) if place else tree
        for line in _rows(cloud, nodes):
            branch.add(line)
    return tree


def _grouped(nodes: Sequence[Node], kinds: Sequence[str]) -> Iterator[tuple[str, list[Node]]]:
    """Machines by the failure domains they are in; machines of no domain come last."""

    def place(node: Node) -> str:
        return " · ".join(f"{kind} {node.domains[kind]}" for kind in kinds if kind in node.domains)

    places = sorted({place(node) for node in nodes}, key=lambda text: (not text, text))
    for name in places:
        yield name or ("elsewhere" if kinds else ""), [node for node in nodes if place(node) == name]


def _rows(cloud: Cloud, nodes: Iterable[Node]) -> Iterator[Text]:
    for _, found in groupby(nodes, key=lambda node: node.role):
        alike = list(found)
        if len(alike) < MANY:
            yield from (_row(cloud, node) for node in alike)
        else:
            text = Text(f"{alike[0].name} … {alike[-1].name}", style="bold")
            yield text.append(f"  {len(alike)} {alike[0].role} machines  ", style="default").append_text(
                _services(cloud, alike[0])
            )


def _row(cloud: Cloud, node: Node) -> Text:
    text = Text(f"{node.name}", style="bold").append(f"  {cloud.address(node)}  ", style="default")
    return text.append_text(_services(cloud, node))


def _services(cloud: Cloud, node: Node) -> Text:
    """Services that are not on every machine; those that vote are marked."""
    text = Text()
    for name in node.services:
        service = cloud.registry[name]
        if service.role != "every":
            text.append(f"{name}{'●' if service.voters else ''} ", style="yellow" if service.voters else "dim")
    return text


def _voters(cloud: Cloud) -> Table:
    table = Table("● votes", "members", "majority", "may fail", box=None, pad_edge=False, header_style="bold")
    groups: dict[tuple[str, ...], list[str]] = {}
    for service in cloud.services:
        if service.voters:
            groups.setdefault(tuple(node.name for node in cloud.members(service.name)), []).append(service.name)
    for members, names in groups.items():
        needed = quorum.majority(dict.fromkeys(members, 1))
        table.add_row(", ".join(names), " ".join(members), str(needed), str(len(members) - needed))
    return table
