"""What a timer budget says, as data: the command prints it, reports are built over it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hacienda.assess.finding import Severity
from hacienda.assess.timers.steps import Step


@dataclass(frozen=True)
class Drill:
    """A drill that was run: its name, the seconds it measured, on which machine and day."""

    name: str
    seconds: float
    machine: str
    date: str


@dataclass(frozen=True)
class Failure:
    """What a failure costs at worst.

    Args:
        name: what fails.
        service: whose failover it is when its machine or itself is lost: `entrance` for the virtual IP and its load balancer;
            empty: it is none.
        detection: until it is noticed.
        recovery: all of it, until clients are served again.
        target: seconds that it should take at most; None: none is set (docs/timers.md).
        drills: names of the drills that measure it.
    """

    name: str
    service: str
    detection: Step
    recovery: Step
    target: float | None = None
    drills: tuple[str, ...] = ()

    @property
    def within_target(self) -> bool:
        """Whether it takes no longer than it should."""
        return self.target is None or self.recovery.seconds <= self.target

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "service": self.service,
            "detection": self.detection.to_json(),
            "recovery": self.recovery.to_json(),
            "formula": str(self.recovery),
            "target": self.target,
            "within_target": self.within_target,
        }


@dataclass(frozen=True)
class Contradiction:
    """Times that cannot be right together.

    Args:
        where: the field of the environment file to look at, dotted.
        reason: what contradicts what, with the values.
        fix: what to do.
        rule: id of the rule of `hacienda check` that tells it.
        severity: how bad it is; None: what that rule says.
        concerns: names of what it is about.
    """

    where: str
    reason: str
    fix: str
    rule: str = "BUDGET"
    severity: Severity | None = None
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A failure beside what was measured of it.

    Args:
        failure: the budget.
        measured: the drills that a result file has of it.
    """

    failure: Failure
    measured: tuple[Drill, ...] = ()

    @property
    def longest(self) -> Drill | None:
        """The slowest drill; None: none was run."""
        return max(self.measured, key=lambda drill: drill.seconds, default=None)

    @property
    def exceeded(self) -> bool:
        """A drill took longer than the budget says it can."""
        return self.longest is not None and self.longest.seconds > self.failure.recovery.seconds


@dataclass(frozen=True)
class Budget:
    """The timer budget of an environment.

    Args:
        environment: its name.
        lines: every failure.
        contradictions: times that cannot be right together.
        others: drills that measure something else.
    """

    environment: str
    lines: tuple[Line, ...]
    contradictions: tuple[Contradiction, ...]
    others: tuple[Drill, ...] = ()

    @property
    def failovers(self) -> dict[str, Failure]:
        """For each service the longest of its failovers; `entrance`: of the virtual IP with its load balancer."""
        longest: dict[str, Failure] = {}
        for failure in (line.failure for line in self.lines if line.failure.service):
            known = longest.setdefault(failure.service, failure)
            if failure.recovery.seconds > known.recovery.seconds:
                longest[failure.service] = failure
        return longest

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "environment": self.environment,
            "failures": [
                line.failure.to_json()
                | {"measured": [asdict(drill) for drill in line.measured], "exceeded": line.exceeded}
                for line in self.lines
            ],
            "contradictions": [asdict(one) for one in self.contradictions],
            "other_drills": [asdict(drill) for drill in self.others],
        }
