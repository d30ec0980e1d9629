"""The estimate against years played out: for chance clouds, for every shipped environment, and against wrong formulas."""

from __future__ import annotations

import math
import pathlib
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import get_args

import pytest

from hacienda import cloud, services
from hacienda.assess.availability import Assumptions
from hacienda.assess.availability.diagram import Diagram
from hacienda.assess.availability.estimate import unavailability
from hacienda.assess.availability.paths import Path, paths
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from hacienda.declare import Deed
from tests import lanes
from tests.assess import tenants
from tests.assess.availability.samples import rack_cloud, random_assumptions, random_cloud, seeded
from tests.assess.availability.simulation import Outcome, Simulation
from tests.shipped import environments, typical

WIDTH = 5.0
"""Standard errors on either side. The spread of forty runs is itself uncertain, and there are over 200 comparisons."""

GROUPS, IN_A_GROUP = 20, 10
FIRST = 2
"""Groups that do not wait for the long lane."""

# Coverage is counted elsewhere.
pytestmark = pytest.mark.no_cover


def simulated(path: Path, assumptions: Assumptions, seed: int, events: int) -> Outcome:
    return Simulation(path, assumptions, assumptions.failover_seconds, seed).run(events)


@pytest.mark.parametrize("group", lanes.first(range(GROUPS), range(FIRST).__contains__))
def test_chance_clouds(group: int) -> None:
    deviations = []
    for seed in range(group * IN_A_GROUP, (group + 1) * IN_A_GROUP):
        chance = seeded(seed)
        assumptions = random_assumptions(chance)
        path = chance.choice(paths(random_cloud(chance), assumptions))
        outcome = simulated(path, assumptions, seed, 8000)
        deviations.append(outcome.deviation(unavailability(path, assumptions, {})))
    assert all(abs(one) <= WIDTH for one in deviations), deviations
    # Together they tell a small bias that each alone would hide.
    assert abs(fmean(deviations)) <= WIDTH / math.sqrt(IN_A_GROUP)


@pytest.mark.parametrize("deed", get_args(Deed))
def test_what_a_tenant_does(deed: str) -> None:
    """Copies that serve together, gateways that take over, and a compute that nothing replaces."""
    for seed in range(3):
        assumptions = random_assumptions(seeded(seed))
        (path,) = (one for one in paths(tenants.whole(), assumptions) if one.name == deed)
        outcome = simulated(path, assumptions, seed, 12000)
        assert abs(outcome.deviation(unavailability(path, assumptions, {}))) <= WIDTH


@pytest.mark.parametrize("file", lanes.first(environments(), typical), ids=lambda path: path.stem)
def test_shipped_environments(file: pathlib.Path) -> None:
    found = cloud.read(file, services.registry())
    assumptions = Assumptions()
    for path in paths(found, assumptions):
        outcome = simulated(path, assumptions, 1, 20000)
        assert abs(outcome.deviation(unavailability(path, assumptions, {}))) <= WIDTH, path.name
        assert outcome.error < 0.2 * outcome.unavailability, "too short to tell anything"


def without_common_causes(path: Path, assumptions: Assumptions) -> float:
    assert isinstance(path.tree, All)
    kept = tuple(one for one in path.tree.of if not isinstance(one, Part) or not one.label.endswith("common cause"))
    return unavailability(replace(path, tree=All(kept)), assumptions, {})


def without_failovers(path: Path, assumptions: Assumptions) -> float:
    return Diagram(path.tree).unavailability()


def branches_multiplied(path: Path, assumptions: Assumptions) -> float:
    """As if no machine carried two services."""

    def available(tree: Tree) -> float:
        if isinstance(tree, All):
            return math.prod(available(one) for one in tree.of)
        return 1 - Diagram(tree).unavailability()

    right = Diagram(path.tree).unavailability()
    return unavailability(path, assumptions, {}) - right + 1 - available(path.tree)


def majority_and_one(path: Path, assumptions: Assumptions) -> float:
    """One member more than are needed."""

    def stricter(tree: Tree) -> Tree:
        if isinstance(tree, All):
            return All(tuple(stricter(one) for one in tree.of))
        if isinstance(tree, AtLeast):
            return AtLeast(min(tree.needed + 1, len(tree.of)), tree.of)
        return tree

    return unavailability(replace(path, tree=stricter(path.tree)), assumptions, {})


WRONG = (branches_multiplied, without_failovers, without_common_causes, majority_and_one)


@pytest.mark.parametrize("wrong", lanes.first(WRONG, WRONG[:2].__contains__), ids=lambda f: f.__name__)
def test_a_wrong_formula_is_caught(wrong: Callable[[Path, Assumptions], float]) -> None:
    """Wherever it says something else by a fifth at least, the simulation tells."""
    told = caught = 0
    for seed in range(10):
        chance = seeded(seed)
        assumptions = replace(
            random_assumptions(chance), common_cause=0.1, power_feeds=1, coverage=0.8, manual_hours=2.0
        )
        path = paths(rack_cloud(racks=1 + 2 * (seed % 2)), assumptions)[0]
        outcome = simulated(path, assumptions, seed, 12000)
        right, false = unavailability(path, assumptions, {}), wrong(path, assumptions)
        assert abs(outcome.deviation(right)) <= WIDTH
        if abs(false / right - 1) > 0.2:
            told += 1
            caught += abs(outcome.deviation(false)) > WIDTH
    assert told >= 4
    assert caught >= told * 0.7, f"{caught} of {told}"
