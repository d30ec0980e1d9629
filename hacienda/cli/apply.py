"""`hacienda apply`."""

from __future__ import annotations

from hacienda import operate
from hacienda.cli import console, options, progress, project
from hacienda.cli.synth import Out
from hacienda.review.plan import guard, summary


def apply(
    env: project.Env,
    out: Out = None,
    replace: options.Replace = None,
    outdated: options.Outdated = False,
    accept: options.Accept = None,
    yes: project.Yes = False,
    as_json: project.AsJson = False,
) -> None:
    """Make the cloud what its environment file says, stack by stack, as `cdktf deploy` does.

    What would cost a quorum, or the last copy of a service, if done at once is done in a safe order: one node at a time, each
    step planned anew and followed by a wait until everything is healthy. A rotation of secrets comes to its end: former ones are
    refused once every node has the new ones. It can be interrupted and run again at any time.
    Applying twice changes nothing the second time.
    """
    here = project.here(out)
    cloud = here.read(env)

    def approve(review: operate.Review) -> bool:
        order = " in the safe order" if review.refusals else ""
        return console.confirm(f"Apply this to {cloud.name}{order}?", yes or review.continues)

    done = operate.apply(
        here,
        cloud,
        approve=approve,
        observer=progress.Watcher(),
        replace=replace or (),
        outdated=outdated,
        accept=accept or (),
    )
    if as_json:
        stacks = [stack.name for stack in done.deployed.stacks]
        report = summary.document(cloud.name, stacks, done.review.changes)
        console.show_json({**report, "guard": guard.document(done.review.verdict), "seconds": round(done.seconds, 1)})
    elif done.seconds:
        console.show(f"{cloud.name} applied in {done.seconds:.1f} s.")
    else:
        console.show(f"No changes. {cloud.name} is what its environment file says.")
