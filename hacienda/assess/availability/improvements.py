"""Changes that may raise availability. Each changes the cloud, or the assumptions about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hacienda.assess.availability import inventory
from hacienda.assess.availability.figures import Assumptions, hours
from hacienda.cloud.model import Cloud, Node

MOST_CONTROLLERS = 7
"""Voters at most. With more, each commit waits for too many machines."""


@dataclass(frozen=True)
class Change:
    """A change.

    Args:
        title: what to do.
        cloud: the changed cloud.
        assumptions: how its parts then fail.
    """

    title: str
    cloud: Cloud
    assumptions: Assumptions


def candidates(cloud: Cloud, assumptions: Assumptions) -> Iterator[Change]:
    """Every change that is worth estimating for a cloud."""
    yield from _machines(cloud, assumptions)
    if assumptions.power_feeds < 2:
        yield Change("a second power feed for every rack", cloud, replace(assumptions, power_feeds=2))
    if cloud.management.bond is None and assumptions.rack_switches < 2:
        yield Change(
            "a second switch in every rack, with bonded network cards", cloud, replace(assumptions, rack_switches=2)
        )
    faster = replace(assumptions.machine, mttr=assumptions.machine.mttr / 2)
    yield Change(f"machines repaired in {hours(faster.mttr)}", cloud, replace(assumptions, machine=faster))
    if assumptions.common_cause > 0:
        half = assumptions.common_cause / 2
        title = f"half the common causes ({half * 100:g} %): machines of two manufacturers, changes one at a time"
        yield Change(title, cloud, replace(assumptions, common_cause=half))
    if assumptions.coverage < 0.99:
        yield Change("99 % of failovers succeed, after drills", cloud, replace(assumptions, coverage=0.99))


def _machines(cloud: Cloud, assumptions: Assumptions) -> Iterator[Change]:
    controllers = cloud.role("controller")
    more = len(controllers) + 1 + len(controllers) % 2
    if more <= MOST_CONTROLLERS:
        yield Change(f"{more} controllers", _with_controllers(cloud, more), assumptions)
    on = [inventory.host(cloud, node) for node in controllers]
    if len(set(on)) < len(on) and all(on):
        apart = {node.name: {**node.domains, "host": node.name} for node in controllers}
        yield Change("a separate host for every controller", _placed(cloud, apart), assumptions)
    racks = {inventory.rack(node) for node in controllers}
    if len(racks) < len(controllers):
        apart = {node.name: {**node.domains, "rack": f"rack of {node.name}"} for node in controllers}
        title = "a separate rack, with its own switch and power feed, for every controller"
        yield Change(title, _placed(cloud, apart), assumptions)


def _placed(cloud: Cloud, domains: dict[str, dict[str, str]]) -> Cloud:
    nodes = (replace(node, domains=domains[node.name]) if node.name in domains else node for node in cloud.nodes)
    return replace(cloud, nodes=tuple(nodes))


def _with_controllers(cloud: Cloud, count: int) -> Cloud:
    """The cloud with `count` controllers and without arbiters. New controllers are placed where there are fewest."""
    controllers = list(cloud.role("controller"))
    while len(controllers) < count:
        controllers.append(_another(controllers))
    others = (node for node in cloud.nodes if node.role not in ("controller", "arbiter"))
    return replace(cloud, nodes=(*controllers, *others))


def _another(controllers: list[Node]) -> Node:
    places = [tuple(sorted(node.domains.items())) for node in controllers]
    held = Counter(places)
    least = min(controllers, key=lambda node: held[tuple(sorted(node.domains.items()))])
    number = max(node.number for node in controllers) + 1
    return replace(least, name=f"another controller {number}", number=number)
