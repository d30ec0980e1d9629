"""`hacienda availability`."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from hacienda.assess.availability import Effect, Estimate, PathEstimate, estimate, words
from hacienda.cli import console, project

SHOWN = 5
"""Most rows of contributors and of changes; `--json` has all."""


def availability(env: project.Env, as_json: project.AsJson = False) -> None:
    """Estimate the availability of a cloud: each kind of request, causes of its downtime, and the gain of each change.

    The figures come from the declared dependency tree and from assumptions that are printed with their sources.
    `hacienda check` reports a missed target; `hacienda explain docs/availability.md` describes the computation.
    """
    cloud = project.read(env)
    with console.working(f"estimating {cloud.name}"):
        found = estimate(cloud)
    if as_json:
        console.show_json(found.to_json())
        return
    console.out.print(_paths(found))
    for absent in found.absent:
        console.show(f"{absent.name}: not in this environment ({absent.lacks})")
    if found.worst is not None:
        console.out.print(_contributors(found.worst))
        console.out.print(_improvements(found))
    console.out.print(_effects(found))
    console.out.print(_assumptions(found))


def _table(title: str, *columns: str) -> Table:
    table = Table(box=None, pad_edge=False, title=f"\n{title}", title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", justify="right" if number and column.startswith("min") else "left")
    return table


def _paths(found: Estimate) -> Table:
    columns = ("request", "availability", "downtime", "target", "most of it")
    table = _table(f"{found.environment}: target {found.target:g} %", *columns)
    for path in found.paths:
        style = "" if path.target is None else "green" if path.met else "red"
        met = Text(words.standing(path), style=style)
        table.add_row(path.name, f"{path.percent:.4f} %", words.a_year(path.minutes), met, words.cause(path))
    return table


def _contributors(path: PathEstimate) -> Table:
    table = _table(f"What costs {path.name} time", "part", "min/year")
    for one in path.contributors[:SHOWN]:
        table.add_row(one.label, f"{one.minutes:.1f}")
    return table


def _improvements(found: Estimate) -> Table:
    table = _table("What buys the next nine", "change", "min/year saved", "min/year left")
    for one in found.improvements[:SHOWN]:
        table.add_row(one.change, f"{one.saved:.1f}", f"{one.minutes:.1f}")
    return table


def _effects(found: Estimate) -> Table:
    """One row for each failure and each time that it lasts."""
    table = _table("What each failure does", "failure", "served again after", "requests", "what is lost")
    for failure, effects in words.by_failure(found):
        shown = failure
        for effect, names in words.by_outage(effects):
            lost = ", ".join(dict.fromkeys(one.loses for one in effects if one.path in names))
            table.add_row(shown, _outage(effect), words.named(names, found), lost)
            shown = ""
    return table


def _outage(effect: Effect) -> Text:
    return Text(words.outage(effect), style="" if effect.survives else "red")


def _assumptions(found: Estimate) -> Table:
    table = _table("Assumptions", "what", "value", "source")
    for one in found.failovers:
        table.add_row(f"failover of {one.service}", f"{one.seconds:.3g} s", one.source)
    for told in found.assumptions:
        table.add_row(str(told["name"]), str(told["value"]), str(told["source"]))
    return table
