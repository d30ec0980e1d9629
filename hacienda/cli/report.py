"""`hacienda report`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hacienda import printing
from hacienda.assess import timers
from hacienda.assess.timers import measured
from hacienda.cli import assessing, comparing, console, options, project
from hacienda.cli.guard import text_of
from hacienda.cli.topology import write
from hacienda.cloud import Cloud
from hacienda.errors import InputError, Problem
from hacienda.operate.deploy import allowed
from hacienda.quorum import enumerate_names
from hacienda.review import report as reports
from hacienda.review.diff import words
from hacienda.review.plan import guard, reader


class Format(StrEnum):
    """Formats of a report."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


def report(
    env: project.Env,
    base: Annotated[
        str | None,
        typer.Option("--base", metavar="REV", help="Show the differences from a revision, as `hacienda diff` does."),
    ] = None,
    plan: Annotated[
        list[str] | None,
        typer.Option(
            "--plan",
            metavar="PLAN",
            help="Show a plan's actions and the guard's verdict. PLAN is the output of `terraform show -json`, or a saved plan."
            " Can be repeated; all are judged as one.",
        ),
    ] = None,
    accept: options.Accept = None,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="markdown, html or json; default: by the file's name, otherwise markdown.",
        ),
    ] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", metavar="FILE", help="File for the result; default: standard output. Can be repeated."),
    ] = None,
) -> None:
    """Report an environment to a reviewer: trust, deletions, plan, guard, changed files, findings, topology, availability.

    Markdown is for a comment, and its first line is `<!-- hacienda:ENV -->`. HTML is one page that needs no other file;
    it needs the extra `pictures`. The report is always written. Exit code 4: the guard refuses; 1: the assessment
    fails; otherwise 0.
    """
    cloud = project.read(env)
    # Check the given plans and base before anything that takes long.
    planned = _planned(cloud.name, plan, accept) if plan else None
    compared = _compared(cloud, env, base) if base else None
    with console.working(f"assessing {cloud.name}"):
        found = reports.assemble(
            assessing.subject(cloud, project.path_of(env)),
            drills=timers.load(project.state_folder(cloud.name) / measured.NAME),
            compared=compared,
            planned=planned,
        )
        files: list[Path | None] = [*out] if out else [None]
        written = [(_written(found, form or _by_name(file)).encode(), file) for file in files]
    for content, file in written:
        write(content, file)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def _by_name(file: Path | None) -> Format:
    suffixes = {".html": Format.HTML, ".json": Format.JSON}
    return suffixes.get(file.suffix, Format.MARKDOWN) if file else Format.MARKDOWN


def _written(found: reports.Report, form: Format) -> str:
    if form is Format.HTML:
        return reports.page(found)
    if form is Format.MARKDOWN:
        return reports.comment(found)
    return printing.as_json(reports.document(found))


def _planned(environment: str, sources: Sequence[str], accept: Sequence[str] | None) -> reports.Planned:
    plans = [reader.read(text_of(source), source) for source in dict.fromkeys(sources)]
    _require_own(environment, plans)
    changes = [one for plan in plans for one in plan.changes]
    return reports.Planned(tuple(sources), tuple(changes), guard.judge(plans, accept=accept or (), allowed=allowed()))


def _require_own(environment: str, plans: Sequence[reader.Plan]) -> None:
    """Refuse plans of other environments. A plan without an environment's name is accepted.

    Raises:
        InputError: a plan names other environments only.
    """
    names = {plan.source: sorted({*plan.environments.values()} - {""}) for plan in plans}
    wrong = {source: found for source, found in names.items() if found and environment not in found}
    fix = f"The report is about {environment}: name a plan of {environment}."
    if wrong:
        raise InputError(
            [
                Problem("--plan", f"is a plan of {enumerate_names(found)}", fix, value=source)
                for source, found in wrong.items()
            ]
        )


def _compared(cloud: Cloud, env: str, base: str) -> reports.Compared:
    old, found = comparing.compared(cloud, env, base)
    return reports.Compared(words.title(cloud.name, old, found), base, old.commit, old.rendering is None, found)
