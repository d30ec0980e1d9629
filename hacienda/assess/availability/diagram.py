"""A tree as a binary decision diagram. Its probability is exact even if branches share parts.

If the branches' availabilities were multiplied, a machine with five services would count five times. The diagram is reduced and
ordered (Bryant 1986). What several branches share comes first: racks and their like, then machines. Once that is decided, the
branches have no part in common, so each follows with its own parts. Otherwise every combination of daemons on a machine would be a
state of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.tree import All, Part, Tree

DOWN, UP = 0, 1
"""The two leaves."""


class Diagram:
    """The diagram of a tree.

    Args:
        tree: the tree.
    """

    def __init__(self, tree: Tree) -> None:
        self.parts = tuple(_ordered(tree))
        self._level = {part.name: level for level, part in enumerate(self.parts)}
        self._nodes: list[tuple[int, int, int]] = [(len(self.parts), DOWN, DOWN), (len(self.parts), UP, UP)]
        self._known: dict[tuple[int, int, int], int] = {}
        self._chosen: dict[tuple[int, int, int], int] = {}
        self._root = self._build(tree)

    def unavailability(self, probabilities: Mapping[str, float] | None = None, perfect: Collection[str] = ()) -> float:
        """Probability that the tree does not work.

        Args:
            probabilities: part's name -> probability that it is down. Default: the unavailability of its rate.
            perfect: labels of parts that count as never failing.
        """
        down = [0.0 if part.label in perfect else part.rate.unavailability for part in self.parts]
        if probabilities is not None:
            down = [probabilities[part.name] for part in self.parts]
        # A node is made after the nodes that it leads to, so one pass in their order is enough.
        values = [1.0, 0.0]
        for level, low, high in self._nodes[2:]:
            values.append(down[level] * values[low] + (1 - down[level]) * values[high])
        return values[self._root]

    def _build(self, tree: Tree) -> int:
        if isinstance(tree, Part):
            return self._node(self._level[tree.name], DOWN, UP)
        # The branches are in the diagram's order: the last one is built first, so that the others come above it.
        branches = [self._build(one) for one in reversed(tree.of)]
        needed = len(branches) if isinstance(tree, All) else tree.needed
        # row[n]: at least n of the branches so far work. What the others can no longer make up for is not built.
        row = {0: UP}
        for done, branch in enumerate(branches):
            left = len(branches) - done - 1
            wanted = range(max(0, needed - left), min(done + 1, needed) + 1)
            row = {n: self._choose(branch, row.get(n - 1, UP), row.get(n, DOWN)) if n else UP for n in wanted}
        return row[needed]

    def _node(self, level: int, low: int, high: int) -> int:
        if low == high:
            return low
        key = (level, low, high)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self._nodes)
            self._nodes.append(key)
        return found

    def _choose(self, condition: int, then: int, otherwise: int) -> int:
        """`then` if the condition works, else `otherwise`."""
        if condition <= UP:
            return then if condition == UP else otherwise
        if then == otherwise:
            return then
        key = (condition, then, otherwise)
        found = self._chosen.get(key)
        if found is None:
            # An estimate spends most of its time here.
            a, a_low, a_high = self._nodes[condition]
            b, b_low, b_high = self._nodes[then]
            c, c_low, c_high = self._nodes[otherwise]
            level = min(a, b, c)
            low = self._choose(
                a_low if a == level else condition, b_low if b == level else then, c_low if c == level else otherwise
            )
            high = self._choose(
                a_high if a == level else condition, b_high if b == level else then, c_high if c == level else otherwise
            )
            found = self._chosen[key] = self._node(level, low, high)
        return found


def _ordered(tree: Tree) -> Iterator[Part]:
    """Every part of a tree: those of several branches first, machine after machine, then those of one branch after another."""
    branches = [trees.parts(one) for one in tree.of] if isinstance(tree, All) else [trees.parts(tree)]
    mentioned = Counter(part for branch in branches for part in branch)
    shared = [part for part in mentioned if mentioned[part] > 1]
    machines: dict[str, int] = {"": 0}
    for part in shared:
        machines.setdefault(part.node, len(machines))
    yield from sorted(shared, key=lambda part: machines[part.node])
    yield from (part for part in mentioned if mentioned[part] == 1)
