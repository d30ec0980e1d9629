"""Words for the figures of an estimate."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.availability import figures
from hacienda.assess.availability.model import Effect, Estimate


def a_year(minutes: float) -> str:
    """Downtime as `12.0 min a year`, or from two hours on as `2.0 h a year`."""
    return f"{minutes / 60:.1f} h a year" if minutes >= 120 else f"{minutes:.1f} min a year"


def by_failure(found: Estimate) -> Iterator[tuple[str, list[Effect]]]:
    """Each failure with its effects on the paths."""
    for failure in dict.fromkeys(effect.failure for effect in found.effects):
        yield failure, [effect for effect in found.effects if effect.failure == failure]


def outage(effect: Effect) -> str:
    """How long clients notice a failure: `none`, the seconds of a failover, or the hours of a repair."""
    if effect.survives:
        return f"{effect.seconds:.3g} s" if effect.seconds else "none"
    return figures.hours(effect.seconds / 3600)
