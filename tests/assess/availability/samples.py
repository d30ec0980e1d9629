"""Clouds and rates by chance, from a seed."""

from __future__ import annotations

import random
from typing import Any

from hacienda.assess.availability import Assumptions, Rate
from hacienda.cloud import Cloud
from tests import frozen
from tests.cloud.samples import cloud

KINDS = ("host", "rack", "power", "zone")


def seeded(seed: int) -> random.Random:
    """Random numbers that are the same in every run."""
    return random.Random(seed)  # noqa: S311 (nothing is kept secret by them)


def random_cloud(chance: random.Random) -> Cloud:
    """One to five controllers, perhaps with an arbiter, perhaps spread over failure domains, with the frozen services."""
    count = chance.choice((1, 2, 3, 3, 3, 4, 5))
    kind = chance.choice((*KINDS, None))
    platform = chance.choice(("incus", "existing", "existing"))
    names = [f"d{number}" for number in range(1, chance.randint(1, 4) + 1)]
    spread = f", spread: {kind}, domains: [{', '.join(names)}]" if kind else ""
    arbiter = chance.choice(("  arbiter: 1\n", "")) if count == 2 else ""
    return cloud(
        f"name: chance\nplatform: {platform}\nnetworks:\n  management: {{cidr: 10.77.0.0/24, vip: 10.77.0.10}}\n"
        f"machines:\n  controller: {{count: {count}{spread}}}\n{arbiter}",
        frozen.registry(),
    )


def rack_cloud(controllers: int = 3, racks: int = 3, more: str = "") -> Cloud:
    """Machines of their own that take turns over so many racks, with the frozen services.

    Args:
        more: further lines of the file.
    """
    names = ", ".join("abcdefg"[:racks])
    return cloud(
        f"name: racks\nplatform: existing\ndomains: {{rack: [{names}]}}\n{more}\n"
        "networks:\n  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}\n"
        f"machines:\n  controller: {{count: {controllers}, spread: rack}}\n",
        frozen.registry(),
    )


def random_assumptions(chance: random.Random) -> Assumptions:
    """Parts that fail often enough for a short simulation to see it, and seldom enough for rates to add up."""

    def rate(least: float, most: float) -> Rate:
        mtbf = chance.uniform(least, most)
        return Rate(mtbf, mtbf * chance.uniform(0.0005, 0.01), "chance")

    figures: dict[str, Any] = {
        "machine": rate(500, 3000),
        "hypervisor": rate(500, 3000),
        "virtual_machine": rate(500, 3000),
        "process": rate(500, 3000),
        "rack_switch": rate(2000, 9000),
        "aggregation": rate(2000, 9000),
        "power_feed": rate(2000, 9000),
        "zone": rate(2000, 9000),
    }
    return Assumptions(
        **figures,
        common_cause=chance.choice((0.0, 0.02, 0.1, 0.2)),
        coverage=chance.uniform(0.8, 0.99),
        failover_seconds=chance.uniform(5, 120),
        manual_hours=chance.uniform(0.2, 2),
        power_feeds=chance.choice((1, 2)),
        rack_switches=chance.choice((1, 2)),
    )
