"""`hacienda destroy`."""

from __future__ import annotations

from hacienda import operate
from hacienda.cli import console, progress, project
from hacienda.cli.synth import Out


def destroy(env: project.Env, out: Out = None, yes: project.Yes = False) -> None:
    """Destroy an environment: every machine that Terraform created, and all data on them.

    The secrets stay. Existing machines (platform existing) leave their clusters and continue to run.
    """
    here = project.here(out)
    cloud = here.read(env)

    def approve(review: operate.Review) -> bool:
        for line in review.describe():
            console.say(line)
        return console.confirm(f"Destroy all of {cloud.name}?", yes)

    seconds = operate.destroy(here, cloud, approve=approve, observer=progress.Watcher())
    if seconds is None:
        console.show(f"Nothing to destroy: {cloud.name} does not exist.")
    else:
        console.show(f"{cloud.name} destroyed in {seconds:.1f} s.")
