"""A tree as a binary decision diagram. Its probability is exact even if branches share parts.

If the branches' availabilities were multiplied, a machine with five services would count five times. The diagram is reduced and
ordered (Bryant 1986). Parts of no single machine come first, then the parts of one machine after another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
        machines: dict[str, int] = {"": 0}
        listed = trees.parts(tree)
        for part in listed:
            machines.setdefault(part.node, len(machines))
        self.parts = tuple(sorted(listed, key=lambda part: machines[part.node]))
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
        branches = [self._build(one) for one in tree.of]
        needed = len(branches) if isinstance(tree, All) else tree.needed
        # row[n]: at least n of the branches so far work.
        row = [UP] + [DOWN] * needed
        for branch in branches:
            row = [UP] + [self._choose(branch, row[n - 1], row[n]) for n in range(1, needed + 1)]
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
