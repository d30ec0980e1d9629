"""`hacienda destroy`."""

from __future__ import annotations

from hacienda.cli import console, deploying, project
from hacienda.cli.synth import Out
from hacienda.review.plan import summary


def destroy(env: project.Env, out: Out = None, yes: project.Yes = False) -> None:
    """Destroy an environment: every machine that Terraform made, and all data on them.

    The secrets stay. Machines that were already there (platform existing) are left running, out of their clusters.
    """
    cloud = project.read(env)
    deployed = deploying.deployment(cloud, out)
    with deploying.planned(deployed, destroy=True) as plans:
        if not any(plan.changed for plan in plans):
            console.show(f"Nothing to destroy: {cloud.name} does not exist.")
            return
        for line in summary.describe(cloud.name, deploying.changes_of(plans)):
            console.say(line)
        deploying.confirm(f"Destroy all of {cloud.name}?", yes)
        seconds = deploying.apply_all(deployed, plans, destroy=True)
    console.show(f"{cloud.name} destroyed in {seconds:.1f} s.")
