"""`hacienda apply`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hacienda.cli import console, deploying, guarding, project, rotating, trusting
from hacienda.cli.synth import Out
from hacienda.cloud import Cloud
from hacienda.operate.deploy import Deployment
from hacienda.review.plan import guard, reader, summary


def apply(
    env: project.Env,
    out: Out = None,
    replace: guarding.Replace = None,
    outdated: guarding.Outdated = False,
    accept: guarding.Accept = None,
    yes: project.Yes = False,
    as_json: project.AsJson = False,
) -> None:
    """Make the cloud what its environment file says, stack by stack, as `cdktf deploy` does.

    What would cost a quorum, or the last copy of a service, if done at once is done in a safe order: one node at a time, each
    step planned anew and followed by a wait until everything is healthy. A rotation of secrets comes to its end: former ones are
    refused once every node has the new ones. It can be interrupted and run again at any time.
    Applying twice changes nothing the second time.
    """
    cloud = project.read(env)
    first = _round(cloud, out, replace, outdated, accept, yes)
    seconds, again = first.seconds, rotating.finish(cloud, first.deployed, first.reached)
    while again:
        following = _round(cloud, out, None, False, accept, yes=True)
        seconds += following.seconds
        again = rotating.finish(cloud, following.deployed, following.reached)
    name = cloud.name
    trusting.keep(cloud)
    if as_json:
        report = summary.document(name, [stack.name for stack in first.deployed.stacks], first.changes)
        console.show_json({**report, "guard": guard.document(first.verdict), "seconds": round(seconds, 1)})
    elif seconds:
        console.show(f"{name} applied in {seconds:.1f} s.")
    else:
        console.show(f"No changes. {name} is what its environment file says.")


@dataclass(frozen=True)
class _Round:
    """One plan of all stacks, applied.

    Args:
        reached: rotations that were under way when it began.
        seconds: how long it took; 0: there was nothing to do.
    """

    deployed: Deployment
    reached: Mapping[str, str]
    changes: Sequence[reader.PlannedAction]
    verdict: guard.Verdict
    seconds: float


def _round(
    cloud: Cloud, out: Out, replace: guarding.Replace, outdated: guarding.Outdated, accept: guarding.Accept, yes: bool
) -> _Round:
    """Plan, ask, apply. A rotation of the authority takes three: what nodes trust goes before what they show."""
    reached = rotating.unfinished(cloud)
    deployed = deploying.deployment(cloud, out)
    anew = guarding.wanted(deployed, replace, outdated)
    with deploying.planned(deployed, replace=anew) as plans:
        changes = deploying.changes_of(plans)
        verdict = guarding.judged(plans, accept)
        seconds = 0.0
        trusting.show(cloud, trusting.changed(cloud), console.err)
        if any(plan.changed for plan in plans):
            refused = guarding.refusals(plans, verdict)
            for line in [*summary.describe(cloud.name, changes), *(refused or guard.describe(verdict))]:
                console.say(line)
            if refused:
                guarding.require_order(plans, verdict)
                deploying.confirm(f"Apply this to {cloud.name} in the safe order?", yes)
                seconds = guarding.carry_out(cloud, deployed, plans, verdict, anew=anew, accept=accept)
            else:
                deploying.confirm(f"Apply this to {cloud.name}?", yes)
                seconds = deploying.apply_all(deployed, plans)
    return _Round(deployed, reached, changes, verdict, seconds)
