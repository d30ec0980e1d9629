"""What a report is made of: one environment's assessment, and where they are given, its changes and its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hacienda import assess
from hacienda.assess import Finding, Subject, availability, timers
from hacienda.assess.availability import Estimate
from hacienda.assess.availability.paths import Path, paths
from hacienda.assess.timers import Budget, Drill
from hacienda.errors import RefusedError, UnwellError
from hacienda.review import topology
from hacienda.review.diff import Diff
from hacienda.review.plan import PlannedAction, guard


@dataclass(frozen=True)
class Compared:
    """Every rendered file against a base.

    Args:
        title: the diff in a line: the environment, how many machines, against what.
        base: the base as the operator wrote it.
        commit: its hash.
        new: the base does not have the environment.
        diff: what differs.
    """

    title: str
    base: str
    commit: str
    new: bool
    diff: Diff


@dataclass(frozen=True)
class Planned:
    """Terraform's plans, judged as one.

    Args:
        sources: where they came from.
        changes: what they change.
        verdict: the guard's.
    """

    sources: tuple[str, ...]
    changes: tuple[PlannedAction, ...]
    verdict: guard.Verdict


@dataclass(frozen=True)
class Report:
    """Everything that a reviewer should know of an environment.

    Args:
        environment: its name.
        machines: how many there are.
        day: when it was assessed.
        picture: the topology.
        findings: what rules found.
        estimate: how available it will be.
        paths: the trees behind that.
        budget: how long failures are felt.
        compared: changes against a base; None: none was given.
        planned: Terraform's plan; None: none was given.
    """

    environment: str
    machines: int
    day: date
    picture: topology.Picture
    findings: tuple[Finding, ...]
    estimate: Estimate
    paths: tuple[Path, ...]
    budget: Budget
    compared: Compared | None
    planned: Planned | None

    @property
    def refused(self) -> bool:
        """The guard refuses the plan."""
        return self.planned is not None and self.planned.verdict.refused

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Findings that make a check fail."""
        return tuple(finding for finding in self.findings if finding.fails)

    @property
    def counts(self) -> str:
        """Findings, counted: `1 error, 5 accepted`; empty: there is none."""
        return assess.counted(self.findings)

    @property
    def exit_code(self) -> int:
        """What a pipeline goes by: 4: the guard refuses; 1: the assessment fails; else 0."""
        if self.refused:
            return RefusedError.exit_code
        return UnwellError.exit_code if self.failing else 0


def assemble(
    subject: Subject, *, drills: Sequence[Drill] = (), compared: Compared | None = None, planned: Planned | None = None
) -> Report:
    """The report on an environment.

    Args:
        subject: the environment, as rules look at it.
        drills: what was measured.
        compared: changes against a base.
        planned: Terraform's plan.
    """
    cloud = subject.cloud
    findings = assess.findings(subject)
    return Report(
        environment=cloud.name,
        machines=len(cloud.nodes),
        day=subject.today,
        picture=topology.picture(cloud, findings),
        findings=findings,
        estimate=availability.estimate(cloud, failovers=availability.budgeted(subject.budget)),
        paths=paths(cloud, availability.Assumptions()),
        budget=timers.budget(cloud, drills=drills),
        compared=compared,
        planned=planned,
    )
