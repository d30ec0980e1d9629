"""What daemons do after a change, and in which order."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

from hacienda.review.diff.model import Action, Step
from hacienda.review.diff.pair import Pair


def steps(pairs: Iterable[Pair]) -> Iterator[Step]:
    """What each service does, and on which machines.

    Steps have the order in which services start on a machine. Stops come first, because a node stops removed services before it
    starts others.

    Args:
        pairs: machines on which anything differs.
    """
    chosen = tuple(pairs)
    found: dict[tuple[str, Action], list[str]] = {}
    rolling: dict[str, bool] = {}
    for pair in chosen:
        rolling.update({**pair.before.services, **pair.after.services})
        for service, action in _actions(pair):
            found.setdefault((service, action), []).append(pair.name)
    places = {service: place for place, service in enumerate(_start_order(chosen))}
    for service, action in sorted(found, key=lambda key: (key[1] != "stop", places.get(key[0], -1), key[1])):
        one_by_one = action == "restart" and rolling.get(service, False)
        yield Step(action, service, tuple(found[service, action]), one_by_one)


def _actions(pair: Pair) -> Iterator[tuple[str, Action]]:
    """Actions on one machine. An added service starts and a removed one stops, whatever their files ask for."""
    old, new = pair.before.services.keys(), pair.after.services.keys()
    yield from ((service, "stop") for service in sorted(old - new))
    yield from ((service, "start") for service in sorted(new - old))
    for effect in pair.restarts:
        action, _, service = effect.partition(" ")
        if service in old & new:
            yield service, "restart" if action == "restart" else "reload"


def _start_order(pairs: Iterable[Pair]) -> tuple[str, ...]:
    """All services in one order that agrees with the start order of every machine."""
    graph: graphlib.TopologicalSorter[str] = graphlib.TopologicalSorter()
    for own in dict.fromkeys(tuple(pair.after.services) for pair in pairs):
        for service in own:
            graph.add(service)
        for first, second in pairwise(own):
            graph.add(second, first)
    return tuple(graph.static_order())
