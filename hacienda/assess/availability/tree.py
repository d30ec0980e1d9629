"""Trees of what must work for a path: parts, and gates over them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hacienda.assess.availability.figures import Rate


@dataclass(frozen=True)
class Part:
    """Something that fails and is repaired independently of all other parts.

    Args:
        name: its name, unique in a tree.
        label: parts of one kind share it. Contributions are added up by label.
        rate: how it fails.
        node: the machine that it is on; empty: no single machine. The diagram keeps the parts of a machine together.
    """

    name: str
    label: str
    rate: Rate
    node: str = ""


@dataclass(frozen=True)
class All:
    """Works while all of its branches work."""

    of: tuple[Tree, ...]


@dataclass(frozen=True)
class AtLeast:
    """Works while at least `needed` of its branches work."""

    needed: int
    of: tuple[Tree, ...]


Tree = Part | All | AtLeast


def parts(tree: Tree) -> tuple[Part, ...]:
    """Every part of a tree once, in the order of first mention."""
    return tuple(dict.fromkeys(_mentioned(tree)))


def works(tree: Tree, down: Collection[str]) -> bool:
    """Whether a tree works while the parts with these names are down."""
    if isinstance(tree, Part):
        return tree.name not in down
    if isinstance(tree, All):
        return all(works(one, down) for one in tree.of)
    return sum(works(one, down) for one in tree.of) >= tree.needed


def _mentioned(tree: Tree) -> Iterator[Part]:
    if isinstance(tree, Part):
        yield tree
    else:
        for one in tree.of:
            yield from _mentioned(one)
