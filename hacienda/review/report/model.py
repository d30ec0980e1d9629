"""Content of a report: the assessment of one environment and, if given, its changes and its plan."""

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
    """Every rendered file, compared with a base.

    Args:
        title: the diff in a line: the environment, the number of machines, the base.
        base: the base as the operator wrote it.
        commit: hash of the base.
        new: the base does not contain the environment.
        diff: the differences.
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
        sources: where the plans come from.
        changes: actions that change something.
        verdict: the guard's verdict.
    """

    sources: tuple[str, ...]
    changes: tuple[PlannedAction, ...]
    verdict: guard.Verdict


@dataclass(frozen=True)
class Report:
    """Everything that a reviewer should know about an environment.

    Args:
        environment: name of the environment.
        machines: number of its machines.
        day: date of the assessment.
        picture: the topology.
        findings: findings of all rules.
        estimate: the availability estimate.
        paths: the trees behind the estimate.
        budget: the timer budget.
        compared: changes against a base; None: no base was given.
        planned: Terraform's plan; None: no plan was given.
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
        """Whether the guard refuses the plan."""
        return self.planned is not None and self.planned.verdict.refused

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Findings that make a check fail."""
        return tuple(finding for finding in self.findings if finding.fails)

    @property
    def counts(self) -> str:
        """Numbers of findings: `1 error, 5 accepted`; empty: none."""
        return assess.counted(self.findings)

    @property
    def exit_code(self) -> int:
        """Exit code for a pipeline: 4: the guard refuses; 1: the assessment fails; otherwise 0."""
        if self.refused:
            return RefusedError.exit_code
        return UnwellError.exit_code if self.failing else 0


def assemble(
    subject: Subject, *, drills: Sequence[Drill] = (), compared: Compared | None = None, planned: Planned | None = None
) -> Report:
    """The report on an environment.

    Args:
        subject: the environment, as rules see it.
        drills: measured drills.
        compared: changes against a base; None: no base was given.
        planned: Terraform's plan; None: no plan was given.
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
