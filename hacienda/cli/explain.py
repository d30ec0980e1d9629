"""`hacienda explain`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from hacienda.assess import Rule, rules
from hacienda.cli import console, manual, project
from hacienda.cli.check import COLOURS
from hacienda.declare.similar import similar
from hacienda.environment.problems import nearest
from hacienda.errors import InputError, Problem


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            help="A rule, like DOMAIN, or a page of the documentation, like docs/services/etcd.md; default: list all of them.",
        ),
    ] = None,
    as_json: project.AsJson = False,
) -> None:
    """Explain a rule of `hacienda check`, or show a page of the documentation that a message names.

    For a rule it shows the finding, the reason and the fix, and then the rule's page.
    """
    if name is None:
        _list(as_json)
    elif name.upper() in rules():
        _rule(rules()[name.upper()], as_json)
    elif manual.path_of(name) in manual.pages():
        _page(manual.path_of(name), as_json)
    else:
        known = (*rules(), *_topics())
        word = name.upper() if similar(name.upper(), rules()) else name
        raise InputError(
            [Problem("", f"{name} is neither a rule nor a page of the documentation", nearest(word, known))]
        )


def _topics() -> list[str]:
    """Topics of the pages that belong to no rule, such as `services/etcd`."""
    own = {rule.page for rule in rules().values()}
    return [page.removeprefix("docs/").removesuffix(".md") for page in manual.pages() if page not in own]


def _list(as_json: bool) -> None:
    if as_json:
        console.show_json({"rules": [_document(rule) for rule in rules().values()], "pages": list(manual.pages())})
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for rule in rules().values():
        table.add_row(rule.id, Text(rule.severity, style=COLOURS[rule.severity]), rule.title)
    console.out.print(table)
    console.show(f"\nPages: {', '.join(_topics())}")


def _rule(rule: Rule, as_json: bool) -> None:
    if as_json:
        console.show_json(_document(rule))
        return
    console.show(f"{rule.id}: {rule.title}")
    console.out.print(Text("severity: ").append(rule.severity, style=COLOURS[rule.severity]))
    console.show(f"why: {rule.reason}")
    console.show(f"do: {rule.fix}")
    if rule.page in manual.pages():  # a rule may not have a page yet
        console.show(f"page: {rule.page}\n")
        console.show(manual.text(rule.page).partition("\n")[2].strip())


def _page(page: str, as_json: bool) -> None:
    if as_json:
        console.show_json({"page": page, "text": manual.text(page)})
    else:
        console.show(manual.text(page).rstrip())


def _document(rule: Rule) -> dict[str, Any]:
    return {key: getattr(rule, key) for key in ("id", "title", "severity", "reason", "fix", "page")}
