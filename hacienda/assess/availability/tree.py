"""What must work for a path to work: parts, and gates over them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from hacienda.assess.availability.figures import Rate


@dataclass(frozen=True)
class Part:
    """Something that fails by itself and is repaired, independent of all other parts.

    Args:
        name: unique in a tree.
        label: like parts have the same: contributions are added up by it.
        rate: how it fails.
        node: the machine it is on; empty: no single one. The diagram keeps parts of a machine together.
    """

    name: str
    label: str
    rate: Rate
    node: str = ""


@dataclass(frozen=True)
class All:
    """Works while every one of them does."""

    of: tuple[Tree, ...]


@dataclass(frozen=True)
class AtLeast:
    """Works while that many of them do."""

    needed: int
    of: tuple[Tree, ...]


Tree = Part | All | AtLeast


def parts(tree: Tree) -> tuple[Part, ...]:
    """Every part of a tree once, in the order of their first mention."""
    return tuple(dict.fromkeys(_mentioned(tree)))


def works(tree: Tree, down: Collection[str]) -> bool:
    """Whether it works while the parts of these names do not."""
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
