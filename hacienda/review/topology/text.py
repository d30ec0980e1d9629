"""A picture as text: networks and virtual IPs, failure domains with their machines, and voter groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hacienda.review.topology.marks import Mark
from hacienda.review.topology.picture import Machines, Picture, Place


def draw(picture: Picture) -> RenderableType:
    """The whole picture, for a Rich console of any width."""
    return Group(
        Panel(_networks(picture), title=Text(picture.title), title_align="left"), _machines(picture), _voters(picture)
    )


def _networks(picture: Picture) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for net in picture.networks:
        table.add_row(Text(net.name, style="bold"), net.cidr, Text(net.traits).append_text(_said(net.marks)))
        for vip in picture.virtual_ips:
            if vip.network == net.name:
                said = Text(f"{vip.hostname} ({vip.scopes})", style="green").append_text(_said(vip.marks))
                table.add_row("", Text(f"◆ {vip.address}", style="green"), said)
    return table


def _machines(picture: Picture) -> Tree:
    tree = Tree(Text(f"{picture.count} machines", style="bold"))
    whole = picture.place
    for place in whole.places:
        _branch(tree, place)
    rest = tree.add(Text("elsewhere", style="cyan")) if whole.places and whole.machines else tree
    for line in _rows(whole.machines):
        rest.add(line)
    return tree


def _branch(tree: Tree, place: Place) -> None:
    branch = tree.add(Text(place.title, style="cyan").append_text(_said(place.marks)))
    for line in _rows(place.machines):
        branch.add(line)
    for inner in place.places:
        _branch(branch, inner)


def _rows(boxes: Sequence[Machines]) -> Iterator[Text]:
    for box in boxes:
        text = Text(box.named or box.names[0], style="bold")
        text.append(f"  {box.title if box.named else box.address}  ", style="not bold")
        for name in box.services:
            votes = name in box.votes
            text.append(f"{name}{'●' if votes else ''} ", style="not bold yellow" if votes else "not bold dim")
        yield text.append_text(_said(box.marks))


def _voters(picture: Picture) -> Table:
    table = Table("● votes", "members", "majority", "may fail", box=None, pad_edge=False, header_style="bold")
    for one in picture.voter_groups:
        names = Text(", ".join(one.services)).append_text(_said(one.marks))
        table.add_row(names, " ".join(one.voters), str(one.majority), str(one.spare))
    return table


def _said(marks: Sequence[Mark]) -> Text:
    return Text(f" ! {', '.join(map(str, marks))}" if marks else "", style="bold red")
