"""A cloud's years, played out: parts fail and are repaired, services fail over when a machine that serves is hit.

It knows the tree and the rates, and nothing of the formulas: no probabilities are multiplied here.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from hacienda.assess.availability import Assumptions
from hacienda.assess.availability import tree as trees
from hacienda.assess.availability.paths import Path
from hacienda.assess.availability.tree import All, Part, Tree
from tests.assess.availability.samples import seeded

RUNS = 40
"""Independent runs, whose spread gives the interval."""

State = tuple[bool, tuple[tuple[int, ...], ...]]


@dataclass(frozen=True)
class Outcome:
    """What was seen: the mean share of time without service, and its standard error."""

    unavailability: float
    error: float

    def deviation(self, estimate: float) -> float:
        """How many standard errors an estimate is away."""
        return (estimate - self.unavailability) / self.error


class Simulation:
    """One path.

    Args:
        path: its tree and its failovers.
        assumptions: coverage and the time that people need.
        seconds: duration of every failover.
        seed: of the random numbers.
    """

    def __init__(self, path: Path, assumptions: Assumptions, seconds: float, seed: int) -> None:
        self._path = path
        self._parts = trees.parts(path.tree)
        self._coverage = assumptions.coverage
        self._failover = seconds / 3600
        self._manual = assumptions.manual_hours
        self._random = seeded(seed)
        bits = {part.name: 1 << number for number, part in enumerate(self._parts)}
        self._works = compiled(path.tree, bits)
        self._serves = [[compiled(member, bits) for member in switch.members] for switch in path.switches]
        self._states: dict[int, State] = {}

    def run(self, events: int) -> Outcome:
        """So many failures in all, in RUNS runs of equal length."""
        rate = sum(1 / (part.rate.mtbf + part.rate.mttr) for part in self._parts)
        hours = events / rate / RUNS
        shares = [self._play(hours) / hours for _ in range(RUNS)]
        return Outcome(fmean(shares), stdev(shares) / math.sqrt(RUNS))

    def _play(self, hours: float) -> float:
        """Hours without service."""
        draw, log = self._random.random, math.log
        means = [(part.rate.mtbf, part.rate.mttr) for part in self._parts]
        queue = [(-log(1 - draw()) * mtbf, number) for number, (mtbf, _) in enumerate(means)]
        heapq.heapify(queue)
        down = 0
        working, alive = self._state(down)
        active = [self._random.choice(members) for members in alive]
        lost = switching_until = now = 0.0
        while now < hours:
            then, number = queue[0]
            until = min(then, hours)
            lost += (until - now) if not working else max(0.0, min(until, switching_until) - now)
            now = then
            down ^= 1 << number
            failed = down >> number & 1
            heapq.heapreplace(queue, (now - log(1 - draw()) * means[number][failed], number))
            served, before, (working, alive) = working, alive, self._state(down)
            for index, members in enumerate(alive):
                if self._path.switches[index].every:
                    if set(before[index]) <= set(members):
                        continue
                elif active[index] in members or not members:
                    continue
                else:
                    active[index] = self._random.choice(members)
                if served and working:
                    switching_until = max(switching_until, now + self._takes())
        return lost

    def _takes(self) -> float:
        if self._random.random() < self._coverage:
            return self._failover
        return self._random.expovariate(1 / self._manual)

    def _state(self, down: int) -> State:
        """Whether the path works, and the members of each switch that do."""
        found = self._states.get(down)
        if found is None:
            alive = (tuple(n for n, member in enumerate(members) if member(down)) for members in self._serves)
            found = self._states[down] = self._works(down), tuple(alive)
        return found


def compiled(tree: Tree, bits: Mapping[str, int]) -> Callable[[int], bool]:
    """A tree as a function of the parts that are down, one bit each."""
    if isinstance(tree, Part):
        bit = bits[tree.name]
        return lambda down: not down & bit
    branches = [compiled(one, bits) for one in tree.of]
    needed = len(branches) if isinstance(tree, All) else tree.needed
    return lambda down: sum(branch(down) for branch in branches) >= needed
