"""`hacienda plan`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hacienda.cli import console, deploying, guarding, project, trusting
from hacienda.cli.synth import Out, WithSecrets, written
from hacienda.errors import RefusedError, ToolError
from hacienda.operate.deploy import Deployment, StackPlan
from hacienda.review.plan import guard, reader, summary


def plan(
    env: project.Env,
    out: Out = None,
    only_summary: Annotated[
        bool, typer.Option("--summary", help="Leave Terraform's own text out, and name what was written.")
    ] = False,
    replace: guarding.Replace = None,
    outdated: guarding.Outdated = False,
    accept: guarding.Accept = None,
    with_secrets: WithSecrets = True,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FOLDER",
            help="Write each stack's plan there, as `terraform show -json` prints it, for `hacienda guard` and `report`.",
        ),
    ] = None,
    as_json: project.AsJson = False,
) -> None:
    """Show what an apply would change: a summary that speaks of machines and files, then Terraform's own plan of each stack.

    Nothing is touched. Changes of trust since the last apply from this machine come first. What would cost a quorum, or the last
    copy of a service, is shown all the same, with the reason and the safe order, and ends with exit code 4.
    """
    cloud = project.read(env)
    deployed = deploying.deployment(cloud, out, with_secrets=with_secrets)
    anew = guarding.wanted(deployed, replace, outdated)
    with deploying.planned(deployed, replace=anew) as plans:
        changes = deploying.changes_of(plans)
    if save is not None:
        _save(plans, save)
    verdict = guarding.judged(plans, accept)
    trusted = trusting.changed(cloud)
    refused = guarding.refusals(plans, verdict)
    if as_json:
        report = summary.document(cloud.name, [stack.name for stack in deployed.stacks], changes)
        console.show_json(
            {**report, "trust": [asdict(one) for one in trusted], "guard": guard.document(verdict), "refused": refused}
        )
    else:
        trusting.show(cloud, trusted, console.out)
        for line in [*summary.describe(cloud.name, changes), *(refused or _content(verdict, changes))]:
            console.show(line)
        _show(deployed, plans, only_summary)
    if refused:
        raise typer.Exit(RefusedError.exit_code)


def _save(plans: Iterable[StackPlan], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in plans:
            (folder / f"{one.stack.name}.json").write_text(one.document, encoding="utf-8")
    except OSError as error:
        raise ToolError(f"{folder}: the plans cannot be written: {error.strerror}") from None


def _content(verdict: guard.Verdict, changes: Iterable[reader.PlannedAction]) -> list[str]:
    """The guard's word on a plan that changes something."""
    return guard.describe(verdict) if any(True for _ in changes) else []


def _show(deployed: Deployment, plans: Iterable[StackPlan], only_summary: bool) -> None:
    """Terraform's own words, or its counts and what was written."""
    for one in plans:
        if only_summary:
            counts = one.text.splitlines()[-1] if one.changed else "No changes."
            console.show(f"  {one.stack.name}: {counts}")
        elif one.changed:
            console.show(f"\n{one.stack.name}")
            console.show_terraform(one.text)
    if only_summary:
        for line in written(deployed.synthesis):
            console.show(line)
