"""A picture as a Mermaid flow chart. Forges draw these in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hacienda.review.topology.marks import Mark
from hacienda.review.topology.picture import Picture, Place

_CLASSES = (
    "classDef network fill:#ddf4ff,stroke:#57606a,color:#1f2328",
    "classDef vip fill:#dafbe1,stroke:#57606a,color:#1f2328",
    "classDef voters fill:#fff8c5,stroke:#57606a,color:#1f2328",
    "classDef machine fill:#ffffff,stroke:#57606a,color:#1f2328",
    "classDef single fill:#ffebe9,stroke:#cf222e,stroke-width:3px,color:#1f2328",
)


def mermaid(picture: Picture) -> str:
    """The flow chart."""
    lines = ["flowchart TB", *(f"  {one}" for one in _CLASSES)]
    for number, net in enumerate(picture.networks):
        said = [f"{net.name} {net.cidr}", net.traits, net.roles]
        lines.append(_box(f"network{number}", "network", said, net.marks))
    numbers = {net.name: number for number, net in enumerate(picture.networks)}
    ids = {name: f"machine{number}" for number, box in enumerate(picture.boxes) for name in box.names}
    for number, vip in enumerate(picture.virtual_ips):
        lines.append(_box(f"vip{number}", "vip", [f"VIP {vip.address}", vip.hostname, vip.scopes], vip.marks))
        lines.append(f"  network{numbers[vip.network]} --- vip{number}")
        lines += [f"  vip{number} -.- {one}" for one in dict.fromkeys(ids[name] for name in vip.holders)]
    lines += _place(picture.place, ids, "domain", "  ")
    for number, one in enumerate(picture.voter_groups):
        counted = f"majority {one.majority} of {len(one.voters)}, {one.spare} may fail"
        lines.append(_box(f"voters{number}", "voters", [f"votes: {' '.join(one.services)}", counted], one.marks))
        lines += [f"  voters{number} --- {voter}" for voter in dict.fromkeys(ids[name] for name in one.voters)]
    return "\n".join(lines) + "\n"


def _place(place: Place, ids: Mapping[str, str], path: str, indent: str) -> Iterator[str]:
    inner = indent
    if place.kind:
        yield f"{indent}subgraph {path}[{_text([place.title], place.marks)}]"
        inner = f"{indent}  "
    for box in place.machines:
        votes = [f"votes: {' '.join(box.votes)}"] if box.votes else []
        said = [box.title, box.named, *votes, " ".join(box.others)]
        yield f"{indent}{_box(ids[box.names[0]], 'machine', said, box.marks)}"
    for number, one in enumerate(place.places):
        yield from _place(one, ids, f"{path}_{number}", inner)
    if place.kind:
        yield f"{indent}end"
    if place.marks:
        yield f"{indent}class {path} single"


def _box(own: str, kind: str, lines: Sequence[str], marks: Sequence[Mark]) -> str:
    return f"  {own}[{_text(lines, marks)}]:::{'single' if marks else kind}"


def _text(lines: Sequence[str], marks: Sequence[Mark]) -> str:
    """A label in quotes. Characters that Mermaid or HTML would interpret appear as their codes."""
    said = [line for line in lines if line] + ([f"! {', '.join(map(str, marks))}"] if marks else [])
    return '"' + "<br>".join(_escaped(line) for line in said) + '"'


def _escaped(line: str) -> str:
    return "".join(c if c.isalnum() or c in " .,:;/+-_!()" or ord(c) > 127 else f"#{ord(c)};" for c in line)
