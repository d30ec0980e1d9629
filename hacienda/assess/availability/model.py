"""An estimate as data. `hacienda availability` prints it, and reports use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hacienda.assess.availability.figures import MINUTES_PER_YEAR


@dataclass(frozen=True)
class Contributor:
    """Downtime of a path that one kind of part, or one failover, causes.

    Args:
        label: the kind of part, or `failover of SERVICE`.
        minutes: minutes a year that the path would gain if that never failed.
    """

    label: str
    minutes: float


@dataclass(frozen=True)
class PathEstimate:
    """The estimate for one kind of request.

    Args:
        name: kind of path.
        services: services on the path, in start order.
        unavailability: share of the time in which it is not served, 0 to 1.
        target: the environment's target, per cent. None: one machine is in the way that no other replaces, the tenant's own. The
            target is for what the cloud can take over.
        contributors: causes of its downtime, the largest first. Shares of redundant parts overlap, so the sum may differ.
    """

    name: str
    services: tuple[str, ...]
    unavailability: float
    target: float | None
    contributors: tuple[Contributor, ...]

    @property
    def percent(self) -> float:
        """Availability in per cent."""
        return 100 * (1 - self.unavailability)

    @property
    def minutes(self) -> float:
        """Downtime in minutes a year."""
        return self.unavailability * MINUTES_PER_YEAR

    @property
    def met(self) -> bool:
        """Whether it meets the environment's target, or has none."""
        return self.target is None or self.percent >= self.target


@dataclass(frozen=True)
class Absent:
    """Something that nobody can do here, and what is missing for it."""

    name: str
    lacks: str


@dataclass(frozen=True)
class Improvement:
    """How much a change would help the worst path.

    Args:
        change: what to do.
        minutes: downtime afterwards, in minutes a year.
        saved: downtime less than now, in minutes a year.
    """

    change: str
    minutes: float
    saved: float


@dataclass(frozen=True)
class Effect:
    """What one failure does to one path.

    Args:
        failure: what fails.
        path: kind of path.
        survives: True: the path is served again without a repair.
        seconds: time until it is served again (RTO), by failover or by repair.
        loses: acknowledged data that is lost (RPO), in words, or `nothing`.
    """

    failure: str
    path: str
    survives: bool
    seconds: float
    loses: str


@dataclass(frozen=True)
class Failover:
    """The assumed duration of a failover, and the source of the figure."""

    service: str
    seconds: float
    source: str


@dataclass(frozen=True)
class Estimate:
    """The availability of an environment.

    Args:
        environment: its name.
        target: its target, per cent.
        paths: estimates of the paths that it has.
        absent: paths that it lacks.
        improvements: changes, the most effective first.
        effects: failures and their effects.
        failovers: duration of each failover.
        assumptions: every figure used, with `name`, `value`, `source`, `assumed`.
    """

    environment: str
    target: float
    paths: tuple[PathEstimate, ...]
    absent: tuple[Absent, ...]
    improvements: tuple[Improvement, ...]
    effects: tuple[Effect, ...]
    failovers: tuple[Failover, ...]
    assumptions: tuple[Mapping[str, Any], ...]

    @property
    def worst(self) -> PathEstimate | None:
        """The path with the most downtime among those with a target; None: there is none."""
        judged = (path for path in self.paths if path.target is not None)
        return max(judged, key=lambda path: path.unavailability, default=None)

    @property
    def met(self) -> bool:
        """Whether every path meets the target."""
        return all(path.met for path in self.paths)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        told = asdict(self) | {"met": self.met}
        for entry, path in zip(told["paths"], self.paths, strict=True):
            entry |= {"percent": path.percent, "minutes": path.minutes, "met": path.met}
        return told
