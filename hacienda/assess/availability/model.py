"""What an estimate says, as data: the command prints it, reports are built over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hacienda.assess.availability.figures import MINUTES_PER_YEAR


@dataclass(frozen=True)
class Contributor:
    """What one kind of part, or one failover, costs a path.

    Args:
        label: the kind of part, or `failover of SERVICE`.
        minutes: minutes a year that the path would gain if it never failed.
    """

    label: str
    minutes: float


@dataclass(frozen=True)
class PathEstimate:
    """One kind of request.

    Args:
        name: kind of path.
        services: services on the way, in start order.
        unavailability: share of the time in which it is not served.
        target: the environment's target, per cent.
        contributors: what costs it time, the most first. The shares of redundant parts overlap: they need not add up.
    """

    name: str
    services: tuple[str, ...]
    unavailability: float
    target: float
    contributors: tuple[Contributor, ...]

    @property
    def percent(self) -> float:
        """Availability, per cent."""
        return 100 * (1 - self.unavailability)

    @property
    def minutes(self) -> float:
        """Downtime, minutes a year."""
        return self.unavailability * MINUTES_PER_YEAR

    @property
    def met(self) -> bool:
        """Whether it meets the environment's target."""
        return self.percent >= self.target


@dataclass(frozen=True)
class Absent:
    """Something that a tenant cannot do here, and the capability that it takes: nothing in the environment provides it."""

    name: str
    capability: str


@dataclass(frozen=True)
class Improvement:
    """What a change would buy the worst path.

    Args:
        change: what to do.
        minutes: downtime afterwards, minutes a year.
        saved: minutes a year less than now.
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
        survives: the path goes on without a repair.
        seconds: until it is served again (RTO): by failover, or by repair.
        loses: what is lost of what was acknowledged (RPO), in words; `nothing`.
    """

    failure: str
    path: str
    survives: bool
    seconds: float
    loses: str


@dataclass(frozen=True)
class Failover:
    """How long a failover is taken to last, and why that long."""

    service: str
    seconds: float
    source: str


@dataclass(frozen=True)
class Estimate:
    """The availability of an environment.

    Args:
        environment: its name.
        target: per cent.
        paths: those that it has.
        absent: those that it has not.
        improvements: changes, the most valuable first.
        effects: failures and what they do.
        failovers: how long each lasts.
        assumptions: every figure used: `name`, `value`, `source`, `assumed`.
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
        """The path that is served least; None: there is none."""
        return max(self.paths, key=lambda path: path.unavailability, default=None)

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
