"""`hacienda status`."""

from __future__ import annotations

import typer
from rich.table import Table
from rich.text import Text

from hacienda import operate
from hacienda.cli import console, project
from hacienda.cloud import Cloud
from hacienda.errors import UnwellError
from hacienda.lab import versions
from hacienda.operate import causes
from hacienda.operate import status as health


def status(env: project.Env, as_json: project.AsJson = False) -> None:
    """Ask every node for its state, and show problems and fixes by service and node.

    Exit code 1: there is a problem.
    """
    here = project.here()
    cloud = here.read(env)
    with console.working(f"asking {len(cloud.nodes)} nodes"):
        found = operate.examine(here, cloud)
    if as_json:
        console.show_json(health.document(found))
    else:
        show(cloud, found)
    if not found.well:
        raise typer.Exit(UnwellError.exit_code)


def show(cloud: Cloud, found: health.Health) -> None:
    """Print the health for people: each service's answers, voter groups and virtual IPs, then the problems. Equal answers of
    several nodes are printed once."""
    console.out.print(_table(cloud, found), soft_wrap=False)
    groups = [f"{group.service} {group.well}/{group.declared}" for group in found.groups]
    vips = [f"{address} on {', '.join(nodes) or 'no node'}" for address, nodes in found.holders.items()]
    console.show("; ".join([*groups, *vips]))
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in found.ailments:
        alike.setdefault((one.service, one.what, one.fix), []).append(one.node)
    for (service, what, fix), nodes in alike.items():
        console.show(str(causes.Ailment(_names(nodes), service, what, fix)))
    for line in moved(found):
        console.show(line)
    verdict = "is well" if found.well else f"is unwell: {len(found.ailments)} problems"
    console.out.print(Text(f"{cloud.name} {verdict}", style="green" if found.well else "red"))


def moved(found: health.Health) -> list[str]:
    """Packages with other versions than in the last green run of the lab's tests, and their nodes. This is no fault by itself."""
    alike: dict[str, list[str]] = {}
    for answer in found.answers:
        packages = answer.diagnosis.packages if answer.diagnosis else {}
        for difference in versions.differences(packages, packages.keys()):
            alike.setdefault(difference, []).append(answer.node)
    return [f"not as tested: {difference} ({_names(nodes)})" for difference, nodes in alike.items()]


NAMED = 6
"""Most nodes that are named; further ones are counted."""


def _names(nodes: list[str]) -> str:
    shown = " ".join(nodes[:NAMED])
    return shown if len(nodes) <= NAMED else f"{shown} and {len(nodes) - NAMED} more"


def _table(cloud: Cloud, found: health.Health) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for service in cloud.services:
        members = {node.name for node in cloud.members(service.name)}
        said: dict[tuple[str, str], list[str]] = {}
        for answer in found.answers:
            if answer.node in members:
                said.setdefault(_word(service.name, answer), []).append(answer.node)
        for number, ((word, colour), nodes) in enumerate(said.items()):
            name = Text(service.name if number == 0 else "", style="bold")
            table.add_row(name, "all" if len(said) == 1 else _names(nodes), Text(word, style=colour))
    return table


def _word(service: str, answer: health.Answer) -> tuple[str, str]:
    """A node's answer about a service, and its colour."""
    if answer.silence:
        return ("failed" if answer.reached else "no answer"), "red"
    verdict = next((verdict for verdict in answer.verdicts if verdict.service == service), None)
    if verdict is None:
        return "not installed", "red"
    return (verdict.detail, "green") if verdict.ok else ("unwell, see below", "red")
