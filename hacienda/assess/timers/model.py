"""A timer budget as data. `hacienda timers` prints it, and reports use it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hacienda.assess.finding import Severity
from hacienda.assess.timers.steps import Step


@dataclass(frozen=True)
class Drill:
    """A drill that was run: its name, the measured seconds, the machine and the day."""

    name: str
    seconds: float
    machine: str
    date: str


@dataclass(frozen=True)
class Failure:
    """How long a failure lasts at worst.

    Args:
        name: what fails.
        service: service that fails over when it or its machine is lost; `entrance` for the virtual IP and its load balancer.
            Empty: the failure is no such failover.
        detection: time until it is noticed.
        recovery: whole time until clients are served again.
        target: seconds that it should take at most; None: no target (docs/timers.md).
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
        """Whether it takes no longer than its target."""
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
    """Times that contradict each other.

    Args:
        where: dotted field of the environment file to look at.
        reason: what contradicts what, with the values.
        fix: what to do.
        rule: id of the rule of `hacienda check` that reports it.
        severity: how bad it is; None: that rule's severity.
        concerns: names of what it concerns.
    """

    where: str
    reason: str
    fix: str
    rule: str = "BUDGET"
    severity: Severity | None = None
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A failure with its measurements.

    Args:
        failure: the failure with its computed times.
        measured: drills of it in the result file.
    """

    failure: Failure
    measured: tuple[Drill, ...] = ()

    @property
    def longest(self) -> Drill | None:
        """The slowest drill; None: no drill was run."""
        return max(self.measured, key=lambda drill: drill.seconds, default=None)

    @property
    def exceeded(self) -> bool:
        """Whether a drill took longer than the budget allows."""
        return self.longest is not None and self.longest.seconds > self.failure.recovery.seconds


@dataclass(frozen=True)
class Budget:
    """The timer budget of an environment.

    Args:
        environment: its name.
        lines: every failure.
        contradictions: times that contradict each other.
        others: drills that measure none of these failures.
    """

    environment: str
    lines: tuple[Line, ...]
    contradictions: tuple[Contradiction, ...]
    others: tuple[Drill, ...] = ()

    @property
    def failovers(self) -> dict[str, Failure]:
        """Service -> its longest failover. `entrance` stands for the virtual IP with its load balancer."""
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
