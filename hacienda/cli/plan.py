"""`hacienda plan`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from hacienda.cli import console, deploying, project
from hacienda.cli.synth import Out, written
from hacienda.review import summary


def plan(
    env: project.Env,
    out: Out = None,
    only_summary: Annotated[
        bool, typer.Option("--summary", help="Leave Terraform's own text out, and name what was written.")
    ] = False,
    as_json: project.AsJson = False,
) -> None:
    """Show what an apply would change: a summary that speaks of machines and files, then Terraform's own plan of each stack.

    Nothing is touched. A plan that would cost a quorum is refused here already.
    """
    cloud, deployed = deploying.deployment(env, out)
    with deploying.planned(deployed) as plans:
        changes = deploying.changes_of(plans)
    if as_json:
        console.show_json(summary.document(cloud.name, [stack.name for stack in deployed.stacks], changes))
        return
    for line in summary.describe(cloud.name, changes):
        console.show(line)
    if only_summary:
        for one in plans:
            counts = one.text.splitlines()[-1] if one.changed else "No changes."
            console.show(f"  {one.stack.name}: {counts}")
        for line in written(deployed.synthesis):
            console.show(line)
        return
    for one in plans:
        if one.changed:
            console.show(f"\n{one.stack.name}")
            console.out.print(Text.from_ansi(one.text))
