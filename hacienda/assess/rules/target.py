"""TARGET: the estimated availability misses the environment's target."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import availability
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each kind of request that misses the target. Containers have none: a lab's share one machine."""
    cloud = subject.cloud
    if cloud.platform.containers:
        return
    failovers = availability.budgeted(subject.budget)
    missed = [path for path in availability.requests(cloud, failovers) if not path.met]
    if not missed:
        return
    best = next(iter(availability.estimate(cloud, failovers=failovers).improvements), None)
    fix = (
        f"This would help most: {best.change} ({best.saved:.0f} minutes a year). See `hacienda availability`."
        if best
        else ""
    )
    allowed = availability.minutes_per_year(1 - cloud.availability_target / 100)
    for path in missed:
        reason = (
            f"{path.name}: the estimate is {path.percent:.3f} %, {path.minutes:.0f} minutes down a year; "
            f"{cloud.availability_target:g} % allows {allowed:.0f}. Most of it is due to {path.contributors[0].label}."
        )
        yield Observation("availability.target", reason, fix, concerns=(path.name,))


rule = Rule(
    id="TARGET",
    title="The estimated availability misses the target",
    severity="warning",
    reason="The target is what the cloud promises. According to its dependency tree, it will be down for longer.",
    fix="Run `hacienda availability` to see what costs most and what would help, or lower the target.",
    find=_find,
)
