"""Words for the figures of an estimate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from hacienda.assess.availability import figures
from hacienda.assess.availability.model import Effect, Estimate, PathEstimate


def a_year(minutes: float) -> str:
    """Downtime as `12.0 min a year`, or from two hours on as `2.0 h a year`."""
    return f"{minutes / 60:.1f} h a year" if minutes >= 120 else f"{minutes:.1f} min a year"


def by_failure(found: Estimate) -> Iterator[tuple[str, list[Effect]]]:
    """Each failure with its effects on the paths."""
    for failure in dict.fromkeys(effect.failure for effect in found.effects):
        yield failure, [effect for effect in found.effects if effect.failure == failure]


def by_outage(effects: Iterable[Effect]) -> Iterator[tuple[Effect, list[str]]]:
    """Each different outage among the effects of one failure, the shortest first: an effect with it, and the names of its paths."""
    listed = sorted(effects, key=lambda effect: (not effect.survives, effect.seconds))
    for told in dict.fromkeys(outage(effect) for effect in listed):
        same = [effect for effect in listed if outage(effect) == told]
        yield same[0], [effect.path for effect in same]


def named(names: Collection[str], found: Estimate) -> str:
    """Names of paths: `all`, or each."""
    return "all" if len(names) == len(found.paths) else ", ".join(names)


def standing(path: PathEstimate) -> str:
    """Whether a path meets its target: `met`, `missed`, or why it has none."""
    if path.target is None:
        return "one machine"
    return "met" if path.met else "missed"


def cause(path: PathEstimate) -> str:
    """The largest cause of a path's downtime; empty: it has none."""
    return next((one.label for one in path.contributors), "")


def outage(effect: Effect) -> str:
    """How long clients notice a failure: `none`, the seconds of a failover, or the hours of a repair."""
    if effect.survives:
        return f"{effect.seconds:.3g} s" if effect.seconds else "none"
    return figures.hours(effect.seconds / 3600)
