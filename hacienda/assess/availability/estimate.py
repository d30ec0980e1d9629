"""The estimate: every path of a cloud, the causes of its downtime, and what would help."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from hacienda.assess import timers
from hacienda.assess.availability import effects, improvements, model
from hacienda.assess.availability.diagram import Diagram
from hacienda.assess.availability.figures import MINUTES_PER_YEAR, Assumptions
from hacienda.assess.availability.paths import Path, Switch, absent, paths
from hacienda.cloud.model import Cloud

SHOWN = 0.01
"""Minutes a year. Contributors below are not listed."""


def estimate(
    cloud: Cloud, assumptions: Assumptions | None = None, failovers: Collection[model.Failover] | None = None
) -> model.Estimate:
    """How available a cloud will be.

    Args:
        cloud: the resolved cloud.
        assumptions: how parts fail. Default: published figures and Hacienda's assumptions.
        failovers: duration of failovers by service (`entrance`: the virtual IP with its load balancer). Other failovers take the
            assumed time. Default: the worst cases of the timer budget.
    """
    figures = assumptions or Assumptions()
    known = budgeted(timers.budget(cloud)) if failovers is None else failovers
    seconds = {one.service: one.seconds for one in known}
    found = paths(cloud, figures)
    estimated = tuple(_path(path, cloud, figures, seconds) for path in found)
    whole = model.Estimate(
        environment=cloud.name,
        target=cloud.availability_target,
        paths=estimated,
        absent=tuple(model.Absent(*missing) for missing in absent(cloud)),
        improvements=(),
        effects=tuple(effects.effects(cloud, figures, found, seconds)),
        failovers=_failovers(found, figures, known),
        assumptions=figures.listed(),
    )
    if whole.worst is None:
        return whole
    return replace(whole, improvements=_improvements(whole.worst, cloud, figures, seconds))


def requests(cloud: Cloud, failovers: Collection[model.Failover]) -> tuple[model.PathEstimate, ...]:
    """Only the paths of an estimate, which takes a fraction of the time; arguments as for `estimate`."""
    figures = Assumptions()
    seconds = {one.service: one.seconds for one in failovers}
    return tuple(_path(path, cloud, figures, seconds) for path in paths(cloud, figures))


def budgeted(budget: timers.Budget) -> tuple[model.Failover, ...]:
    """How long failovers last at worst, according to the timer budget."""
    return tuple(
        model.Failover(service, failure.recovery.seconds, f"hacienda timers: {failure.name}")
        for service, failure in budget.failovers.items()
    )


def unavailability(path: Path, assumptions: Assumptions, seconds: Mapping[str, float]) -> float:
    """Share of the time in which a path is not served.

    Args:
        path: the path.
        assumptions: how parts fail.
        seconds: duration of failovers by service.
    """
    costs = (switching(path, switch, assumptions, seconds) for switch in path.switches)
    return _together(Diagram(path.tree).unavailability(), costs)


def switching(path: Path, switch: Switch, assumptions: Assumptions, seconds: Mapping[str, float]) -> float:
    """Share of the time in which a service fails over: the rate of failovers times their duration."""
    rate = math.fsum(1 / part.rate.mtbf for part in path.triggers(switch))
    covered = assumptions.coverage
    lasts = seconds.get(switch.service, assumptions.failover_seconds) / 3600
    return rate * (covered * lasts + (1 - covered) * assumptions.manual_hours)


def _together(tree: float, costs: Iterable[float]) -> float:
    """Unavailability of a tree in series with its failovers, without the rounding of 1 - (1 - u)."""
    total = tree
    for cost in costs:
        total += (1 - total) * cost
    return total


def _path(path: Path, cloud: Cloud, figures: Assumptions, seconds: Mapping[str, float]) -> model.PathEstimate:
    diagram = Diagram(path.tree)
    tree = diagram.unavailability()
    costs = {switch.service: switching(path, switch, figures, seconds) for switch in path.switches}
    labels = dict.fromkeys(part.label for part in diagram.parts)
    shares = {label: tree - diagram.unavailability(perfect=(label,)) for label in labels}
    shares |= {f"failover of {service}": cost for service, cost in costs.items()}
    listed = (model.Contributor(label, share * MINUTES_PER_YEAR) for label, share in shares.items())
    return model.PathEstimate(
        name=path.name,
        services=path.services,
        unavailability=_together(tree, costs.values()),
        target=None if path.own else cloud.availability_target,
        contributors=tuple(
            sorted((one for one in listed if one.minutes >= SHOWN), key=lambda one: (-one.minutes, one.label))
        ),
    )


def _improvements(
    worst: model.PathEstimate, cloud: Cloud, figures: Assumptions, seconds: Mapping[str, float]
) -> tuple[model.Improvement, ...]:
    """How much each change would help the worst path."""
    bought = []
    for change in improvements.candidates(cloud, figures):
        (path,) = paths(change.cloud, change.assumptions, only=worst.name)
        after = unavailability(path, change.assumptions, seconds) * MINUTES_PER_YEAR
        if worst.minutes - after >= SHOWN:
            bought.append(model.Improvement(change.title, after, worst.minutes - after))
    return tuple(sorted(bought, key=lambda one: -one.saved))


def _failovers(
    found: tuple[Path, ...], figures: Assumptions, known: Collection[model.Failover]
) -> tuple[model.Failover, ...]:
    services = dict.fromkeys(switch.service for path in found for switch in path.switches)
    told = {one.service: one for one in known}
    return tuple(
        told.get(service, model.Failover(service, figures.failover_seconds, "assumption")) for service in services
    )
