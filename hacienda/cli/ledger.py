"""`hacienda ledger`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from hacienda import assess, environment
from hacienda.assess import claims as entries
from hacienda.cli import assessing, console, project
from hacienda.cli.check import show_finding
from hacienda.errors import InputError, UnwellError

RULES = ("CERT", "NAME", "RANGE", "VRID")
"""Rules about the ledger's entries."""


def ledger(
    examples: Annotated[bool, typer.Option("--examples", help="Include the files of examples/environments/.")] = False,
    as_json: project.AsJson = False,
) -> None:
    """List what environments must not share: address ranges, virtual IPs, VRRP ids. List the ends of certificates.

    It covers everything in environments/, with conflicts, and with certificates that end within 30 days. Exit code 1:
    there is an error that no file accepts.
    """
    names = environment.shipped(project.root()).values() if examples else project.all_environments()
    if not names:
        raise InputError(
            f"There is no environment in {project.root() / 'environments'}", "Make one: hacienda init NAME"
        )
    subjects = assessing.subjects(project.read(str(path)) for path in names)
    listed = entries.in_order(entry for subject in subjects for entry in entries.claims(subject))
    found = [finding for subject in subjects for finding in assess.findings(subject) if finding.rule in RULES]
    if as_json:
        document = {"entries": [asdict(entry) for entry in listed], "findings": [one.document() for one in found]}
        console.show_json(document)
    else:
        console.out.print(_table(listed))
        for finding in found:
            show_finding(finding)
        console.show(_summary(len(subjects), len(found)))
    if any(finding.fails for finding in found):
        raise typer.Exit(UnwellError.exit_code)


def _table(listed: tuple[entries.Claim, ...]) -> Table:
    """One row for each entry; certificates of one environment that end on the same day share a row."""
    table = Table("kind", "value", "environment", "where", "", box=None, pad_edge=False)
    ends: dict[tuple[str, str], list[entries.Claim]] = {}
    for entry in listed:
        if entry.kind == "certificate":
            ends.setdefault((entry.environment, entry.value), []).append(entry)
        else:
            table.add_row(entry.kind, entry.value, entry.environment, entry.where, entry.note)
    for (name, end), group in sorted(ends.items(), key=lambda item: (item[0][1], item[0][0])):
        what = group[0].where if len(group) == 1 else f"{len(group)} certificates"
        table.add_row("certificate", end, name, what, group[0].note)
    return table


def _summary(environments: int, found: int) -> str:
    said = f"{found} finding{'' if found == 1 else 's'}" if found else "no conflict"
    return f"{environments} environment{'' if environments == 1 else 's'}, {said}"
