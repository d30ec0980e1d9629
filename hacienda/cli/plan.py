"""`hacienda plan`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hacienda import operate
from hacienda.cli import console, options, progress, project, trust
from hacienda.cli.synth import Out, WithSecrets, written
from hacienda.errors import RefusedError, ToolError
from hacienda.operate.deploy import Deployment, StackPlan
from hacienda.review.plan import guard, summary


def plan(
    env: project.Env,
    out: Out = None,
    only_summary: Annotated[
        bool, typer.Option("--summary", help="Omit Terraform's own text, and name the written files.")
    ] = False,
    replace: options.Replace = None,
    outdated: options.Outdated = False,
    accept: options.Accept = None,
    with_secrets: WithSecrets = True,
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="FOLDER",
            help="Folder for each stack's plan, in the format of `terraform show -json`, for `hacienda guard` and `report`.",
        ),
    ] = None,
    as_json: project.AsJson = False,
) -> None:
    """Show the changes of an apply: a summary of machines and files, then Terraform's own plan of each stack.

    Nothing is changed. Changes of trust since the last apply from this machine come first. A plan that would cost a
    quorum, or the last copy of a service, is also shown, with the reason and the safe order. The exit code is then 4.
    """
    here = project.here(out)
    cloud = here.read(env)
    found = operate.plan(
        here,
        cloud,
        observer=progress.Watcher(),
        replace=replace or (),
        outdated=outdated,
        accept=accept or (),
        with_secrets=with_secrets,
    )
    review = found.review
    if save is not None:
        _save(review.plans, save)
    if as_json:
        report = summary.document(cloud.name, [stack.name for stack in found.deployed.stacks], review.changes)
        trusted = [asdict(one) for one in review.trust]
        judged = {"guard": guard.document(review.verdict), "refused": review.refusals}
        console.show_json({**report, "trust": trusted, **judged})
    else:
        trust.show(cloud.name, review.trust, console.out)
        for line in (*review.describe(), *review.judgement()):
            console.show(line)
        _show(found.deployed, review.plans, only_summary)
    if review.refusals:
        raise typer.Exit(RefusedError.exit_code)


def _save(plans: Iterable[StackPlan], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in plans:
            (folder / f"{one.stack.name}.json").write_text(one.document, encoding="utf-8")
    except OSError as error:
        raise ToolError(f"{folder}: the plans cannot be written: {error.strerror}") from None


def _show(deployed: Deployment, plans: Iterable[StackPlan], only_summary: bool) -> None:
    """Print Terraform's own text, or its counts and the written files."""
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
