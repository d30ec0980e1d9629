"""A picture in Graphviz's language. Clusters are failure domains; boxes are machines, networks, addresses and voter groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from hacienda.review.topology.marks import Mark
from hacienda.review.topology.picture import Machines, Net, Picture, Place, Vip, VoterGroup

ABREAST = 4
"""Most boxes side by side, if the cloud declares no failure domains."""

_LONG = 44
"""Most characters of a line in a box; longer lists continue in the next line."""


def dot(picture: Picture) -> str:
    """The graph. Its colours are those of the light theme; its classes name the kind of each box."""
    lines = [
        'digraph "topology" {',
        '  graph [class="topology", bgcolor="transparent", fontname="Courier", fontsize=12, fontcolor="#57606a",',
        "         nodesep=0.2, ranksep=0.35, margin=0.1, pad=0.1, newrank=true, compound=true];",
        '  node [shape=box, style=filled, fontname="Courier", fontsize=11, fontcolor="#1f2328", color="#57606a",',
        '        fillcolor="#ffffff", margin="0.12,0.06", height=0.2];',
        '  edge [color="#57606a", arrowhead=none, penwidth=0.8];',
        *_networks(picture),
        *_place(picture.place, "place", "  "),
        *_voter_groups(picture.voter_groups, picture.boxes),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _networks(picture: Picture) -> Iterator[str]:
    """Networks in a row, each above its virtual IP. Networks without one share a column, which keeps the row narrow."""
    lone = [net for net in picture.networks if all(vip.network != net.name for vip in picture.virtual_ips)]
    for net in picture.networks:
        yield f"  {_id('network', net.name)} [{_looks('network', _net(net), net.marks)}];"
    for first, second in pairwise(lone):
        yield f"  {_id('network', first.name)} -> {_id('network', second.name)} [style=invis];"
    boxes = {name: box for box in picture.boxes for name in box.names}
    for vip in picture.virtual_ips:
        own = _id("vip", vip.address)
        yield f"  {own} [{_looks('vip', _vip(vip), vip.marks)}];"
        yield f"  {_id('network', vip.network)} -> {own};"
        for holder in dict.fromkeys(boxes[name].names[0] for name in vip.holders):
            yield f"  {own} -> {_id('machine', holder)} [style=dashed];"


def _place(place: Place, path: str, indent: str) -> Iterator[str]:
    """A failure domain as a cluster. Its boxes form one column if other columns stand beside it."""
    inner = indent
    if place.kind:
        label = "\n".join([place.title, *_said(place.marks)])
        yield f"{indent}subgraph {_quoted(f'cluster_{path}')} {{"
        inner = f"{indent}  "
        yield f'{inner}graph [{_looks("domain", label, place.marks)}, style="rounded,filled", labeljust=l, labelloc=b, margin=10];'
    for box in place.machines:
        yield f"{inner}{_id('machine', box.names[0])} [{_looks('machine', _machine(box), box.marks)}];"
    for upper, lower in pairwise(_rows(place)):
        for number, box in enumerate(lower):
            above = upper[min(number, len(upper) - 1)]
            yield f"{inner}{_id('machine', above.names[0])} -> {_id('machine', box.names[0])} [style=invis];"
    for number, one in enumerate(place.places):
        yield from _place(one, f"{path}_{number}", inner)
    heads = [_id("machine", box.names[0]) for box in filter(None, map(_head, place.places))]
    if len(heads) > 1:
        yield f"{inner}{{rank=same; {' -> '.join(heads)} [style=invis];}}"
    if place.kind:
        yield f"{indent}}}"


def _rows(place: Place) -> list[Sequence[Machines]]:
    """Rows of a place's boxes, from the top. Voters come first, because voter groups and addresses stand above them."""
    abreast = ABREAST if not place.kind and not place.places else 1
    groups = ([box for box in place.machines if box.votes], [box for box in place.machines if not box.votes])
    return [group[begin : begin + abreast] for group in groups for begin in range(0, len(group), abreast)]


def _head(place: Place) -> Machines | None:
    """The first box of a place. It represents the place when places are put in order."""
    return next(iter((*place.machines, *filter(None, map(_head, place.places)))), None)


def _voter_groups(voter_groups: Iterable[VoterGroup], boxes: Iterable[Machines]) -> Iterator[str]:
    """Boxes of voter groups. They stand above the machines, as addresses do."""
    heads = {name: box.names[0] for box in boxes for name in box.names}
    for number, one in enumerate(voter_groups):
        own = _id("voters", str(number))
        yield f"  {own} [{_looks('voters', _voter_group(one), one.marks)}];"
        for voter in dict.fromkeys(heads[name] for name in one.voters):
            yield f"  {own} -> {_id('machine', voter)};"


def _net(net: Net) -> str:
    return "\n".join([f"{net.name} {net.cidr}", *_wrapped(net.traits.split(", ")), net.roles, *_said(net.marks)])


def _vip(vip: Vip) -> str:
    return "\n".join([f"VIP {vip.address}", vip.hostname, vip.scopes, *_said(vip.marks)])


def _machine(box: Machines) -> str:
    votes = [f"votes: {' '.join(box.votes)}"] if box.votes else []
    lines = [box.title, box.named, *votes, *_wrapped(box.others), *_said(box.marks)]
    return "\n".join(line for line in lines if line)


def _voter_group(one: VoterGroup) -> str:
    counted = f"majority {one.majority} of {len(one.voters)}, {one.spare} may fail"
    return "\n".join([f"votes: {' '.join(one.services)}", counted, *_said(one.marks)])


def _said(marks: Sequence[Mark]) -> list[str]:
    return [f"! {', '.join(map(str, marks))}"] if marks else []


def _wrapped(words: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + len(word) < _LONG:
            lines[-1] += f" {word}"
        elif word:
            lines.append(word)
    return lines


def _looks(kind: str, label: str, marks: Sequence[Mark]) -> str:
    """Attributes of a box. A single point of failure is red, and dashed if the environment accepts it."""
    classes = [kind, *(["single"] if marks else [])]
    text = "".join(f"{_escaped(line)}\\l" for line in label.split("\n"))
    said = [f'class="{" ".join(classes)}"', f'label="{text}"']
    if marks:
        said += ['color="#cf222e"', 'fillcolor="#ffebe9"', "penwidth=2"]
        said += ['style="filled,dashed"'] if kind != "domain" and all(mark.accepted for mark in marks) else []
    elif kind in _FILLS:
        said += [f'fillcolor="{_FILLS[kind]}"']
    if kind == "domain" and not marks:
        said += ['color="#8c959f"']
    return ", ".join(said)


_FILLS = {"domain": "#f6f8fa", "network": "#ddf4ff", "vip": "#dafbe1", "voters": "#fff8c5"}
"""Colours of boxes that are no machines."""


def _id(kind: str, name: str) -> str:
    return _quoted(f"{kind} {name}")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text with characters escaped that Graphviz reads as an escape or an entity."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
