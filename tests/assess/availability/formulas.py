"""Closed forms of availability. Where parts are shared they do not hold; elsewhere the estimate must agree with them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from hacienda.assess.availability import Rate


def series(availabilities: Iterable[float]) -> float:
    """Availability of a chain in which every link is needed."""
    return math.prod(availabilities)


def parallel(availabilities: Iterable[float]) -> float:
    """Availability of parts of which one is enough."""
    return 1 - math.prod(1 - one for one in availabilities)


def at_least(needed: int, count: int, unavailability: float) -> float:
    """Unavailability of `count` like, independent parts of which `needed` are enough."""
    available = 1 - unavailability
    few = range(needed)
    return math.fsum(math.comb(count, up) * available**up * unavailability ** (count - up) for up in few)


def group(
    needed: int,
    count: int,
    rate: Rate,
    *,
    common_cause: float,
    coverage: float,
    failover_seconds: float,
    manual_hours: float,
) -> float:
    """Unavailability of like machines with one active member: independent, common cause, failovers that succeed, and those
    that do not (docs/availability.md#the-formulas).

    Args:
        needed: members that are enough.
        count: members.
        rate: of one member.
        common_cause: beta, 0 to 1.
        coverage: c, 0 to 1.
        failover_seconds: of a failover.
        manual_hours: of a failover that a person completes.
    """
    own = rate.unavailability
    switching = (coverage * failover_seconds / 3600 + (1 - coverage) * manual_hours) / rate.mtbf
    return at_least(needed, count, (1 - common_cause) * own) + common_cause * own + switching
