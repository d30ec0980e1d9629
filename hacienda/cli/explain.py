"""`hacienda explain`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hacienda.assess import Rule, rules
from hacienda.cli import console, project
from hacienda.cli.check import COLOURS
from hacienda.environment.problems import nearest
from hacienda.errors import InputError, Problem


def explain(
    name: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="A rule, like DOMAIN; default: list all of them.")
    ] = None,
    as_json: project.AsJson = False,
) -> None:
    """Say what a rule of `hacienda check` reports, why that matters, and what to do about it."""
    chosen = list(rules().values()) if name is None else [_rule(name)]
    if as_json:
        documents = [_document(rule) for rule in chosen]
        console.show_json({"rules": documents} if name is None else documents[0])
    elif name is None:
        console.out.print(_table(chosen))
    else:
        _show(chosen[0])


def _rule(name: str) -> Rule:
    known = rules()
    if name.upper() not in known:
        raise InputError([Problem("", f"{name} is not a rule", nearest(name.upper(), known))])
    return known[name.upper()]


def _document(rule: Rule) -> dict[str, Any]:
    return {key: getattr(rule, key) for key in ("id", "title", "severity", "reason", "fix", "page")}


def _table(chosen: list[Rule]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for rule in chosen:
        table.add_row(rule.id, Text(rule.severity, style=COLOURS[rule.severity]), rule.title)
    return table


def _show(rule: Rule) -> None:
    console.show(f"{rule.id}: {rule.title}")
    console.out.print(Text("severity: ").append(rule.severity, style=COLOURS[rule.severity]))
    console.show(f"why: {rule.reason}")
    console.show(f"do: {rule.fix}")
    console.show(f"page: {rule.page}")
