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
    """Bring the cloud into the state that its environment file declares, stack by stack, as `cdktf deploy` does.

    A change that would cost a quorum, or the last copy of a service, is made in a safe order. That means one node at a
    time: plan again, apply, and wait until everything is healthy. A rotation of secrets finishes: nodes refuse former
    secrets once every node has the new ones. You can interrupt the command and run it again at any time. A second apply
    changes nothing.
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
        console.show(f"No changes. {cloud.name} matches its environment file.")
