"""`hacienda validate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer
from rich.text import Text

from hacienda import cloudinit, printing
from hacienda.cli import console, project
from hacienda.errors import ToolError, UnwellError
from hacienda.review import names, validation
from hacienda.review.validation import Report, Result
from hacienda.review.validation.checkers import ShellCheck

_ALIKE = 3
"""Most different complaints about one file that are shown; further ones are counted."""

Fresh = Annotated[bool, typer.Option("--fresh", help="Check every file, also those that were accepted before.")]

Here = Annotated[bool, typer.Option("--here", help="Use this machine's programs, even if the lab runs.")]


def validate(env: project.Env, fresh: Fresh = False, here: Here = False, as_json: project.AsJson = False) -> None:
    """Check each rendered file with the program that will read it. No host and no secret is needed.

    The programs run in the lab's image if the lab runs (as root), otherwise on this machine. Files that were not
    checked are listed. Files that were accepted before are not read again. Exit code 1: a file is refused; 3: no
    program could read any file.
    """
    cloud = project.read(env)
    with console.working(f"rendering {cloud.name}"):
        collection = validation.collect(cloudinit.render(cloud, node, "") for node in cloud.nodes)
    packages = collection.packages
    place = validation.Installed(packages) if here else validation.choose(packages, cloud.packages)
    cache = validation.Cache(None if fresh else validation.default_path())
    with console.working(f"checking {len(collection.subjects)} files with {place.title}"):
        report = validation.check(collection, [cloudinit.needs(cloud)], place, cache)
    if as_json:
        console.show_json({"environment": cloud.name, "place": place.title, **document(report)})
    else:
        for line in describe(cloud.name, place.title, report):
            console.out.print(line)
    if report.refused:
        raise typer.Exit(UnwellError.exit_code)
    if not report.programs:
        raise typer.Exit(ToolError.exit_code)


def describe(environment: str, place: str, report: Report) -> Iterator[Text]:
    """Lines of a report for people: refusals, checked files by program, unchecked files with reasons, and a summary."""
    for _, results in _by(report.refused, lambda result: (result.subject.file.path, result.check)):
        complaints = _by(results, lambda result: (result.said,))
        for _, alike in complaints[:_ALIKE]:
            yield from _refusal(alike)
        if len(complaints) > _ALIKE:
            more = sum(len(result.subject.nodes) for _, alike in complaints[_ALIKE:] for result in alike)
            yield Text(f"  similar refusals on {more} more machines", style="red")
    for (title, version), results in _by((r for r in report.results if r.accepted), lambda r: (r.check, r.version)):
        yield Text(f"  {title} ({version}): {_files(results)} accepted", style="dim")
    for (title, why), results in _by(report.unchecked, lambda result: (result.check, result.said)):
        yield Text(f"  not checked by {title}: {_files(results)}: {why}", style="yellow")
    yield Text(_sum(environment, place, report), style="red" if report.refused else "")


def _refusal(alike: list[Result]) -> Iterator[Text]:
    nodes = [node.partition("/")[2] for result in alike for node in result.subject.nodes]
    head = f"{alike[0].subject.file.path}: refused by {alike[0].check} ({alike[0].version}) on {names.brief(nodes)}"
    yield Text(head, style="bold red")
    yield from (Text(f"    {printing.printable(line)}") for line in alike[0].said.splitlines())


def _files(results: list[Result]) -> str:
    return f"{len(results)} file{'' if len(results) == 1 else 's'}"


def _sum(environment: str, place: str, report: Report) -> str:
    distinct = len({id(result.subject) for result in report.results})
    known = f", {report.known} results from earlier runs" if report.known else ""
    refusals = len(report.refused)
    said = f"{refusals} refusal{'' if refusals == 1 else 's'}" if refusals else "nothing is refused"
    # A file that consists of one secret has no check that could be missed.
    missed = sum(1 for result in report.unchecked if result.subject.file.checker != "secret")
    if missed and report.programs:
        said += f"; {missed} of {missed + sum(validation.counts(report).values())} checks could not be made"
    if not report.programs:
        others = (
            "ShellCheck and Hacienda's own checks"
            if ShellCheck.title in validation.counts(report)
            else "Hacienda's own checks"
        )
        said += f", but none of the programs that read them on the machines was available, only {others}"
    return f"{environment}: {report.total} files, {distinct} different ones; {said}; {place}, {report.seconds:.1f} s{known}"


def _by(results: Iterable[Result], key: Any) -> list[tuple[tuple[str, ...], list[Result]]]:
    """Results grouped by key, in the order of the first ones."""
    found: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        found.setdefault(key(result), []).append(result)
    return list(found.items())


def document(report: Report) -> dict[str, Any]:
    """The report for programs."""
    checked = _by((r for r in report.results if r.accepted is not None), lambda r: (r.check, r.version))
    return {
        "files": report.total,
        "known": report.known,
        "seconds": round(report.seconds, 1),
        "checked": [{"check": title, "version": version, "files": len(found)} for (title, version), found in checked],
        "refused": [_entry(result) for result in report.refused],
        "unchecked": [_entry(result) for result in report.unchecked],
    }


def _entry(result: Result) -> dict[str, Any]:
    return {
        "path": result.subject.file.path,
        "service": result.subject.file.service,
        "nodes": [node.partition("/")[2] for node in result.subject.nodes],
        "check": result.check,
        "version": result.version,
        "said": result.said,
    }
