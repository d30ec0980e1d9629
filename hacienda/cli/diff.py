"""`hacienda diff`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from hacienda import printing
from hacienda.cli import comparing, console, project, trust
from hacienda.review import diff as diffs
from hacienda.review import names
from hacienda.review.diff import Diff, FileChange, words

_COLOURS = {"+": "green", "-": "red", " ": "dim"}

Revision = Annotated[
    str,
    typer.Option(
        "--base",
        metavar="REV",
        help="Base of the comparison: a commit, branch or tag; `REV...` is the merge base of REV and HEAD, as in a pull request.",
    ),
]
Lines = Annotated[
    int, typer.Option("--lines", metavar="N", min=0, help="Largest number of lines for one change; 0: all.")
]


def diff(
    env: project.Env,
    base: Revision = "HEAD",
    lines: Lines = diffs.MOST_LINES,
    as_json: project.AsJson = False,
) -> None:
    """Render an environment from the working folder and from a revision, and show every file that differs.

    Uncommitted changes count. No host, state or secret is needed. The base's own code and templates render the base.
    The same change on many machines is shown once; added and removed machines are named. Exit code 0 with and without
    differences.
    """
    cloud = project.read(env)
    old, found = comparing.compared(cloud, env, base, lines or None)
    if as_json:
        head = {"environment": cloud.name, "base": base, "commit": old.commit, "new": old.rendering is None}
        console.show_json({**head, **diffs.document(found)})
        return
    console.show(words.title(cloud.name, old, found))
    for line in describe(found):
        console.out.print(line)


def describe(found: Diff) -> Iterator[Text]:
    """Lines of a diff for people: changes of trust, removed and added machines, packages, files, and actions of daemons."""
    yield from trust.lines(found.trust)
    if not found.trust_known:
        yield Text(f"  TRUST {words.UNTRUSTED}", style="bold red")
    for word, nodes in (
        ("removed", found.of("removed")),
        ("replaced", found.replaced),
        ("added", found.of("added")),
    ):
        if nodes:
            yield Text(f"  {word}: {names.brief(nodes)}", style="green" if word == "added" else "bold red")
    for which, how in words.resources(found):
        style = "bold red" if how.startswith(("replaced", "removed")) else ""
        yield Text(f"  {which}: {how}", style=style)
    if not found.resources_known:
        yield Text(f"  {words.UNTOLD}", style="yellow")
    for change in found.packages:
        listed = [f"+{name}" for name in change.added] + [f"-{name}" for name in change.removed]
        yield Text(f"  packages {' '.join(listed)}: {names.brief(change.nodes)}")
    for file in found.files:
        yield from _file(file, found.replaces)
    if found.steps:
        yield Text("  daemons, on each machine in this order:", style="bold")
    yield from (Text(f"    {words.step(step)}") for step in found.steps)


def _file(change: FileChange, replaces: bool) -> Iterator[Text]:
    yield Text(f"  {change.path}", style="bold").append(f"  {words.heading(change, replaces)}", style="not bold")
    for hunk in change.hunks:
        yield Text(f"    @@ line {hunk.after} @@", style="cyan")
        yield from (Text(f"    {printing.printable(line)}".rstrip(), style=_COLOURS[line[0]]) for line in hunk.lines)
    if change.left_out:
        yield Text(f"    ... and {change.left_out} more lines (--lines 0 shows all)", style="cyan")
