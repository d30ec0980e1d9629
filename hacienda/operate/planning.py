"""Plans of all stacks of an environment, and the guard's verdict on them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hacienda import terraform
from hacienda.cloud import Cloud
from hacienda.declare.resource_types import MEMBER
from hacienda.errors import InputError, Problem
from hacienda.operate import trusted
from hacienda.operate.deploy import Deployment, StackPlan, allowed
from hacienda.operate.observer import Observer
from hacienda.operate.project import Project
from hacienda.review.diff import TrustChange
from hacienda.review.plan import PlannedAction, guard, summary

_REFERENCE = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+)\.[a-z_]+\}")
"""A member's reference to a machine that Terraform makes: `${hacienda_incus_instance.ctl-1.id}`."""


@dataclass(frozen=True)
class Review:
    """What an operation is about to do.

    Args:
        environment: the environment's name.
        plans: plans of every stack, in the order in which they are applied (destroyed).
        verdict: the guard's verdict on all plans together. Default: empty, the guard was not asked.
        trust: settings of trust that differ from those of the last apply from this machine.
        continues: whether it is a later round of a rotation of secrets, and so was approved before.
    """

    environment: str
    plans: tuple[StackPlan, ...]
    verdict: guard.Verdict = field(default_factory=lambda: guard.Verdict((), ()))
    trust: tuple[TrustChange, ...] = ()
    continues: bool = False

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return any(plan.changed for plan in self.plans)

    @property
    def changes(self) -> tuple[PlannedAction, ...]:
        """All changes, stack by stack."""
        return tuple(action for plan in self.plans for action in plan.content.changes)

    @property
    def refusals(self) -> list[str]:
        """Why the plans must not be applied as they are: the guard's reasons, otherwise the provider's."""
        if self.verdict.refused:
            return guard.describe(self.verdict)
        return [
            line
            for plan in self.plans
            if plan.refusal
            for line in (f"{plan.stack.name}: REFUSED", *plan.refusal.splitlines())
        ]

    @property
    def blocked(self) -> bool:
        """Whether no safe order exists, or only the provider refuses, because a node does not answer."""
        return bool(self.refusals) and not (self.verdict.refused and self.verdict.feasible)

    def describe(self) -> list[str]:
        """Lines for people about the changes."""
        return summary.describe(self.environment, self.changes)

    def judgement(self) -> list[str]:
        """Lines for people with the verdict of the guard or the provider; none without changes."""
        return self.refusals or (guard.describe(self.verdict) if self.changes else [])


def deployment(project: Project, cloud: Cloud, observer: Observer, *, with_secrets: bool = True) -> Deployment:
    """Synthesize an environment and prepare it for Terraform.

    Raises:
        InputError: a store cannot be used.
        ToolError: there is no Terraform, or something cannot be written.
    """
    program = terraform.find()
    from hacienda import stacks  # imports the CDK, which takes half a second

    with observer.working(f"synthesizing {cloud.name}"):
        made = stacks.synthesize([cloud], project.output_folder, root=project.root, with_secrets=with_secrets)
    return Deployment(made, cloud.name, program, project.state_folder(cloud.name) / "plans")


@contextlib.contextmanager
def planned(
    deployed: Deployment,
    observer: Observer,
    *,
    destroy: bool = False,
    replace: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[tuple[StackPlan, ...]]:
    """Plan every stack, in the order in which they are applied (destroyed). The saved plans are deleted afterwards.

    Args:
        deployed: the environment.
        observer: follows the operation.
        destroy: plan to destroy everything.
        replace: stack -> addresses of resources to replace. Default: none.
    """
    ordered = list(reversed(deployed.stacks)) if destroy else list(deployed.stacks)
    plans: list[StackPlan] = []
    try:
        for stack in ordered:
            with observer.working(f"planning {stack.name}"):
                addresses = (replace or {}).get(stack.name, ())
                plans.append(deployed.plan(stack, destroy=destroy, colour=observer.colours, replace=addresses))
        yield tuple(plans)
    finally:
        for plan in plans:
            plan.file.unlink(missing_ok=True)


def judged(
    project: Project, cloud: Cloud, plans: tuple[StackPlan, ...], accept: Sequence[str], *, continues: bool = False
) -> Review:
    """Plans with the guard's verdict on all of them together.

    Args:
        accept: services whose last copy may be deleted.
    """
    verdict = guard.judge([plan.content for plan in plans], accept=accept, allowed=allowed())
    return Review(cloud.name, plans, verdict, trusted.changed(project, cloud), continues)


def replacements(
    deployed: Deployment, nodes: Sequence[str], observer: Observer, *, outdated: bool = False
) -> dict[str, list[str]]:
    """Requested replacements: stack -> addresses of machines, or of members if the machines exist already.

    Args:
        deployed: the environment.
        nodes: names of nodes.
        observer: follows the operation.
        outdated: add machines that were made from another image or first boot than declared, which takes a plan of its own.

    Raises:
        InputError: there are no such nodes.
        ToolError: Terraform failed.
    """
    names = list(nodes)
    if outdated:
        with planned(deployed, observer) as plans:
            names += [node for plan in plans for node in plan.content.outdated]
    found: dict[str, list[str]] = {}
    unknown = set(names)
    for stack in deployed.stacks:
        members = deployed.members(stack)
        for node in sorted(set(names) & members.keys()):
            reference = _REFERENCE.fullmatch(str(members[node].get("machine")))
            found.setdefault(stack.name, []).append(reference.group(1) if reference else f"{MEMBER}.{node}")
            unknown.discard(node)
    if unknown:
        raise InputError(
            [Problem("--replace", "is no node of this environment", value=node) for node in sorted(unknown)]
        )
    return found
