"""The diagram against counting every combination, and against the closed forms."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from hacienda.assess.availability import Rate
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.diagram import Diagram
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from tests.assess.availability import formulas
from tests.assess.availability.samples import seeded


def part(name: str, unavailability: float = 0.1, node: str = "") -> Part:
    return Part(name, "parts", Rate(1 - unavailability, unavailability, ""), node)


def counted(tree: Tree) -> float:
    """Unavailability, by adding up every combination of parts."""
    parts = trees.parts(tree)
    total = 0.0
    for states in itertools.product((False, True), repeat=len(parts)):
        down = {one.name for one, is_down in zip(parts, states, strict=True) if is_down}
        if not trees.works(tree, down):
            total += math.prod(
                one.rate.unavailability if one.name in down else 1 - one.rate.unavailability for one in parts
            )
    return total


def random_tree(chance: random.Random, parts: list[Part], depth: int) -> Tree:
    if depth == 0 or chance.random() < 0.2:
        return chance.choice(parts)
    branches = tuple(random_tree(chance, parts, depth - 1) for _ in range(chance.randint(1, 4)))
    return All(branches) if chance.random() < 0.4 else AtLeast(chance.randint(1, len(branches)), branches)


@pytest.mark.parametrize("seed", range(200))
def test_it_counts_every_combination(seed: int) -> None:
    chance = seeded(seed)
    parts = [part(f"p{n}", chance.uniform(0.001, 0.5), chance.choice(("", "a", "b"))) for n in range(8)]
    tree = random_tree(chance, parts, 3)
    assert Diagram(tree).unavailability() == pytest.approx(counted(tree), rel=1e-12)


def test_closed_forms() -> None:
    five = tuple(part(f"p{n}", 0.03) for n in range(5))
    assert Diagram(All(five)).unavailability() == pytest.approx(1 - formulas.series([0.97] * 5))
    assert Diagram(AtLeast(1, five)).unavailability() == pytest.approx(1 - formulas.parallel([0.97] * 5))
    for needed in range(1, 6):
        found = Diagram(AtLeast(needed, five)).unavailability()
        assert found == pytest.approx(formulas.at_least(needed, 5, 0.03))


def test_a_shared_part_counts_once() -> None:
    shared = part("machine")
    assert Diagram(All((shared, AtLeast(1, (shared, part("other")))))).unavailability() == pytest.approx(0.1)


def test_perfect_parts_never_fail() -> None:
    assert Diagram(part("p")).unavailability(perfect=("parts",)) == 0


def test_thirty_machines_in_three_zones_are_quick() -> None:
    zones = [part(f"z{n}", 0.001) for n in range(3)]
    members = tuple(All((zones[n % 3], part(f"m{n}", 0.01, f"m{n}"))) for n in range(30))
    exact = sum(
        math.prod(0.999 if up else 0.001 for up in zones_up)
        * (formulas.at_least(16, 10 * sum(zones_up), 0.01) if sum(zones_up) > 1 else 1.0)
        for zones_up in itertools.product((False, True), repeat=3)
    )
    assert Diagram(AtLeast(16, members)).unavailability() == pytest.approx(exact)
