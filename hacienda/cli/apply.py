"""`hacienda apply`."""

from __future__ import annotations

from hacienda.cli import console, deploying, project
from hacienda.cli.synth import Out
from hacienda.review import summary


def apply(env: project.Env, out: Out = None, yes: project.Yes = False, as_json: project.AsJson = False) -> None:
    """Make the cloud what its environment file says, stack by stack, as `cdktf deploy` does.

    It can be interrupted and run again at any time. Applying twice changes nothing the second time.
    """
    cloud, deployed = deploying.deployment(env, out)
    with deploying.planned(deployed) as plans:
        changes = deploying.changes_of(plans)
        seconds = 0.0
        if any(plan.changed for plan in plans):
            for line in summary.describe(cloud.name, changes):
                console.say(line)
            deploying.confirm(f"Apply this to {cloud.name}?", yes)
            seconds = deploying.apply_all(deployed, plans)
    if as_json:
        report = summary.document(cloud.name, [stack.name for stack in deployed.stacks], changes)
        console.show_json({**report, "seconds": round(seconds, 1)})
    elif seconds:
        console.show(f"{cloud.name} applied in {seconds:.1f} s.")
    else:
        console.show(f"No changes. {cloud.name} is what its environment file says.")
