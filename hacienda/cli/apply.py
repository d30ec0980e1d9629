"""`hacienda apply`."""

from __future__ import annotations

from hacienda.cli import console, deploying, guarding, project
from hacienda.cli.synth import Out
from hacienda.review import guard, summary


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
    step planned anew and followed by a wait until everything is healthy. It can be interrupted and run again at any time.
    Applying twice changes nothing the second time.
    """
    cloud, deployed = deploying.deployment(env, out)
    anew = guarding.wanted(deployed, replace, outdated)
    with deploying.planned(deployed, replace=anew) as plans:
        changes = deploying.changes_of(plans)
        verdict = guarding.judged(plans, accept)
        seconds = 0.0
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
    if as_json:
        report = summary.document(cloud.name, [stack.name for stack in deployed.stacks], changes)
        console.show_json({**report, "guard": guard.document(verdict), "seconds": round(seconds, 1)})
    elif seconds:
        console.show(f"{cloud.name} applied in {seconds:.1f} s.")
    else:
        console.show(f"No changes. {cloud.name} is what its environment file says.")
