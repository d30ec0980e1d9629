"""What plan and apply have in common with the guard: its verdict on all stacks, machines made anew, the safe order carried out."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import typer

from hacienda.cli import console, deploying
from hacienda.cli import status as reports
from hacienda.cloud import Cloud
from hacienda.declare.resource_types import MEMBER
from hacienda.errors import InputError, Problem, RefusedError
from hacienda.operate import rolling
from hacienda.operate.deploy import Deployment, StackPlan, allowed
from hacienda.review.plan import guard

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="SERVICE", help="Accept that the last copy of a service goes. Can be repeated."),
]
Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="NODE", help="Make a node's machine anew. Can be repeated."),
]
Outdated = Annotated[
    bool,
    typer.Option(
        "--outdated", help="Make anew every machine that was made of another image or first boot than declared."
    ),
]

HEALTHY_WITHIN = 600.0
"""Seconds that the nodes have after each step, as long as a gate waits."""

_REFERENCE = re.compile(r"\$\{([a-z0-9_]+\.[A-Za-z0-9_-]+)\.[a-z_]+\}")
"""How a member names its machine where Terraform makes it: `${hacienda_incus_instance.ctl-1.id}`."""


def judged(plans: Sequence[StackPlan], accept: Sequence[str] | None) -> guard.Verdict:
    """The guard's verdict on all stacks of an environment."""
    return guard.judge([plan.content for plan in plans], accept=accept or (), allowed=allowed())


def refusals(plans: Sequence[StackPlan], verdict: guard.Verdict) -> list[str]:
    """Why the plans must not be applied as they are: the guard's reasons, else the provider's, which sees who does not answer."""
    if verdict.refused:
        return guard.describe(verdict)
    return [
        line for plan in plans if plan.refusal for line in (f"{plan.stack.name}: REFUSED", *plan.refusal.splitlines())
    ]


def machines_of(deployed: Deployment, nodes: Sequence[str]) -> dict[str, list[str]]:
    """What to make anew for these nodes: stack -> addresses of machines (of members, where machines are already there).

    Raises:
        InputError: there are no such nodes.
    """
    found: dict[str, list[str]] = {}
    unknown = set(nodes)
    for stack in deployed.stacks:
        members = deployed.resources(stack).get(MEMBER, {})
        for node in sorted(set(nodes) & members.keys()):
            reference = _REFERENCE.fullmatch(str(members[node].get("machine")))
            found.setdefault(stack.name, []).append(reference.group(1) if reference else f"{MEMBER}.{node}")
            unknown.discard(node)
    if unknown:
        raise InputError(
            [Problem("--replace", "is no node of this environment", value=node) for node in sorted(unknown)]
        )
    return found


def wanted(deployed: Deployment, nodes: Sequence[str] | None, older: bool) -> dict[str, list[str]]:
    """What was asked to be made anew: stack -> addresses.

    Args:
        deployed: the environment.
        nodes: names of nodes.
        older: find out which machines are outdated, by a plan of its own.

    Raises:
        InputError: there are no such nodes.
        ToolError: Terraform failed.
    """
    names = list(nodes or ())
    if older:
        with deploying.planned(deployed) as plans:
            names += [node for plan in plans for node in plan.content.outdated]
    return machines_of(deployed, names)


def require_order(plans: Sequence[StackPlan], verdict: guard.Verdict) -> None:
    """Go on only where a safe order would help.

    Raises:
        RefusedError: there is none, or the provider alone refuses: somebody does not answer.
    """
    if not verdict.refused:
        raise RefusedError(
            "Nothing was touched.", "Bring back who does not answer (`hacienda status`), then apply again."
        )
    if not verdict.feasible:
        raise RefusedError("Nothing was touched.")


def carry_out(
    cloud: Cloud,
    deployed: Deployment,
    plans: Sequence[StackPlan],
    verdict: guard.Verdict,
    *,
    anew: Mapping[str, Sequence[str]],
    accept: Sequence[str] | None,
) -> float:
    """Do what was refused at once in the safe order; the wall time in seconds.

    Args:
        cloud: the environment.
        deployed: its stacks.
        plans: their plans.
        verdict: on these plans.
        anew: stack -> addresses of machines that were asked for by hand: the state remembers them from here on, so that an
            interrupted run goes on with those that are left.
        accept: services whose last copy may go.

    Raises:
        RefusedError: a step is refused after all.
        UnwellError: the cloud did not become healthy after a step.
        ToolError: Terraform failed or was interrupted.
    """
    began = time.monotonic()
    for stack in deployed.stacks:
        deployed.taint(stack, anew.get(stack.name, ()))
    holders = {node for nodes in reports.examine(cloud).holders.values() for node in nodes}
    hands = rolling.Hands(console.say, lambda plan: deploying.apply_one(deployed, plan), _settle(cloud))
    rolling.roll(deployed, plans, verdict, hands, accept=accept or (), last=holders)
    return time.monotonic() - began


def _settle(cloud: Cloud) -> Callable[[Sequence[str]], None]:
    from hacienda.provider.gate.watch import Watch
    from hacienda.remote import connections

    where = reports.addresses(cloud)

    def settle(names: Sequence[str]) -> None:
        nodes = [node for node in cloud.nodes if node.name in names]
        began = time.monotonic()
        try:
            Watch(cloud.name, [where(node) for node in nodes], ()).wait(threading.Event(), HEALTHY_WITHIN)
        finally:
            # The next step may make a machine that answers at the same address with another key.
            connections.close_all()
        console.say(
            f"{cloud.name}: all of {', '.join(node.name for node in nodes)} healthy after {time.monotonic() - began:.1f} s"
        )

    return settle
