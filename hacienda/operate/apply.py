"""Applies an environment: plan, get approval, carry out the plan, and end rotations of secrets."""

from __future__ import annotations

import dataclasses
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda.cloud import Cloud
from hacienda.errors import InputError, RefusedError
from hacienda.operate import planning, reach, rolling, rotation, trusted
from hacienda.operate.deploy import Deployment, StackPlan
from hacienda.operate.observer import Observer
from hacienda.operate.planning import Review
from hacienda.operate.project import Project

HEALTHY_WITHIN = 600.0
"""Seconds in which nodes must become healthy after each step, as long as a gate waits."""

Approve = Callable[[Review], bool]
"""Called before anything is touched, if there is anything to do. False, or an error that it raises, ends the operation."""


@dataclass(frozen=True)
class Applied:
    """What an apply did.

    Args:
        deployed: the environment as it was synthesized.
        review: what was planned, in the first round if there were several.
        seconds: how long applying took; 0: there was nothing to do.
        unfinished: whether a rotation of secrets needs another apply.
    """

    deployed: Deployment
    review: Review
    seconds: float
    unfinished: bool = False


def apply(
    project: Project,
    cloud: Cloud,
    *,
    approve: Approve,
    observer: Observer | None = None,
    replace: Sequence[str] = (),
    outdated: bool = False,
    accept: Sequence[str] = (),
    once: bool = False,
) -> Applied:
    """Bring the machines into the state that an environment declares.

    Changes that would cost a quorum, or the last copy of a service, if made at once are made in the guard's safe order. An apply
    can be interrupted and run again at any time.

    Args:
        project: the environment's project.
        cloud: the environment (`project.read`).
        approve: see `Approve`.
        observer: follows the operation. Default: none.
        replace: nodes whose machines are replaced.
        outdated: replace machines that were made from another image or first boot than declared.
        accept: services whose last copy may be deleted.
        once: stop after one round. Default: as many rounds as rotations of secrets need; that of an authority needs three.

    Raises:
        InputError: the operation was not approved, there are no such nodes, or a store cannot be used.
        RefusedError: the changes would cost a quorum, or the last copy of a service, in any order.
        UnwellError: nodes did not become healthy, or do not have new secrets yet.
        ToolError: Terraform is missing, failed or was interrupted, or something cannot be written.
    """
    rounds = _Rounds(project, cloud, approve, observer or Observer(), accept)
    first = rounds.run(replace, outdated)
    seconds, again = first.seconds, first.unfinished
    while again and not once:
        following = rounds.run((), False, continues=True)
        seconds, again = seconds + following.seconds, following.unfinished
    trusted.keep(project, cloud)
    return dataclasses.replace(first, seconds=seconds, unfinished=again)


@dataclass(frozen=True)
class _Rounds:
    """Rounds of one apply: each plans and applies all stacks once."""

    project: Project
    cloud: Cloud
    approve: Approve
    observer: Observer
    accept: Sequence[str]

    def run(self, nodes: Sequence[str], outdated: bool, *, continues: bool = False) -> Applied:
        """Plan, ask, apply, and take the next step of rotations."""
        reached = rotation.unfinished(self.project, self.cloud)
        deployed = planning.deployment(self.project, self.cloud, self.observer)
        addresses = planning.replacements(deployed, nodes, self.observer, outdated=outdated)
        with planning.planned(deployed, self.observer, replace=addresses) as plans:
            review = planning.judged(self.project, self.cloud, plans, self.accept, continues=continues)
            self.observer.review(review)
            seconds = self._carry_out(deployed, review, addresses) if review.changed else 0.0
        again = rotation.end(self.project, self.cloud, deployed, reached, self.observer)
        return Applied(deployed, review, seconds, again)

    def _carry_out(self, deployed: Deployment, review: Review, addresses: Mapping[str, Sequence[str]]) -> float:
        _require_order(review)
        if not self.approve(review):
            raise InputError("Nothing was touched.")
        if not review.refusals:
            return apply_all(deployed, review.plans, self.observer)
        began = time.monotonic()
        for stack in deployed.stacks:
            # Record the requested replacements in the state, so that the run after an interruption makes those that are left.
            deployed.taint(stack, addresses.get(stack.name, ()))
        health = reach.examine(self.project, self.cloud)
        executor = rolling.Executor(
            self.observer.say, lambda plan: apply_one(deployed, plan, self.observer), self._settle
        )
        holders = {node for nodes in health.holders.values() for node in nodes}
        rolling.roll(deployed, review.plans, review.verdict, executor, accept=self.accept, last=holders)
        return time.monotonic() - began

    def _settle(self, names: Sequence[str]) -> None:
        """Wait until nodes are healthy."""
        from hacienda.provider.gate.watch import Watch
        from hacienda.remote import connections

        where = reach.addresses(self.project, self.cloud)
        nodes = [node for node in self.cloud.nodes if node.name in names]
        began = time.monotonic()
        try:
            Watch(self.cloud.name, [where(node) for node in nodes], ()).wait(threading.Event(), HEALTHY_WITHIN)
        finally:
            # The next step may make a machine that answers at the same address with another key.
            connections.close_all()
        healthy = ", ".join(node.name for node in nodes)
        self.observer.say(f"{self.cloud.name}: all of {healthy} healthy after {time.monotonic() - began:.1f} s")


def _require_order(review: Review) -> None:
    """Raise RefusedError if the plans are refused and have no safe order."""
    if review.blocked:
        answers = review.verdict.refused
        fix = None if answers else "Bring back the nodes that do not answer (`hacienda status`), then apply again."
        raise RefusedError("\n".join([*review.refusals, "Nothing was touched."]), fix)


def apply_all(deployed: Deployment, plans: Sequence[StackPlan], observer: Observer, *, destroy: bool = False) -> float:
    """Apply saved plans one after the other; returns the wall time in seconds."""
    began = time.monotonic()
    for plan in plans:
        if plan.changed:
            apply_one(deployed, plan, observer, destroy=destroy)
        else:
            observer.say(f"{plan.stack.name}: no changes")
    return time.monotonic() - began


def apply_one(deployed: Deployment, plan: StackPlan, observer: Observer, *, destroy: bool = False) -> None:
    """Apply a saved plan."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hacienda-") as folder:
        progress = Path(folder) / "progress"
        observer.say(f"{plan.stack.name}:")
        with observer.applying(plan.stack.name, progress) as on_line:
            deployed.apply(plan, on_line, progress=progress, destroy=destroy)
    observer.say(f"{plan.stack.name}: {time.monotonic() - started:.1f} s")
