"""Sections on changes: trust, deleted machines, the plan with the guard's verdict, and every rendered file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hacienda.declare.resource_types import GATE
from hacienda.review import names
from hacienda.review.diff import Diff, FileChange, words
from hacienda.review.plan import guard, summary
from hacienda.review.report.blocks import Block, ChangedFile, Lines, Section, Table, Tone
from hacienda.review.report.model import Compared, Planned, Report

LONGEST = 300
"""Characters of a line of a file that are shown; the rest is cut."""


def trust(report: Report) -> Section:
    """Who newly reads secrets, reaches the machines or is trusted. Nothing of this section is folded or cut."""
    compared, title = report.compared, "Changes of trust"
    if compared is None:
        return Section("trust", title, "none", "no base was given (`--base REV`)")
    diff = compared.diff
    if not diff.trust_known:
        return Section("trust", title, "bad", words.UNTRUSTED)
    if not diff.trust:
        return Section("trust", title, "good", "none: the same parties are trusted as before")
    blocks = tuple(Lines(f"`{one.path}`: this decides {one.decides}", one.lines, language="diff") for one in diff.trust)
    return Section("trust", title, "bad", ", ".join(f"`{one.path}`" for one in diff.trust), blocks)


def going(report: Report) -> Section:
    """Machines and other resources that are deleted or replaced. Reviewers look for them first."""
    rows = list(_planned_going(report.planned)) if report.planned else []
    rows += _compared_going(report.compared) if report.compared else []
    title = "Deletions and replacements"
    if not rows:
        given = report.planned or report.compared
        said = "none" if given else "neither a plan nor a base was given"
        return Section("going", title, "good" if given else "none", said)
    table = Table("Deleted and replaced resources", ("what", "which", "source"), tuple(rows))
    return Section("going", title, "warn", ", ".join(f"{what}: {which}" for what, which, _ in rows), (table,))


def _planned_going(planned: Planned) -> Iterator[tuple[str, str, str]]:
    for word, listed in summary.going(planned.changes).items():
        yield f"machines {word}", names.brief(listed), "plan"
    others = [one for one in planned.changes if not (one.is_machine or one.is_member or one.type == GATE)]
    for kind, word in (("delete", "destroyed"), ("replace", "replaced")):
        listed = [one.address for one in others if one.kind == kind]
        if listed:
            more = f" and {len(listed) - names.FEW} more" if len(listed) > names.FEW else ""
            yield f"resources {word}", " ".join(listed[: names.FEW]) + more, "plan"


def _compared_going(compared: Compared) -> Iterator[tuple[str, str, str]]:
    for word, listed in (("removed", compared.diff.of("removed")), ("replaced", compared.diff.replaced)):
        if listed:
            yield f"machines {word}", names.brief(listed), "diff"
    for kind in ("removed", "replaced"):
        gone = [change.address for change in compared.diff.resources if change.kind == kind and not change.node]
        if gone:
            yield f"resources {kind}", " ".join(gone), "diff"


def plan(report: Report) -> Section:
    """What Terraform would change, and whether the guard allows it."""
    planned, title = report.planned, "Plan and quorum guard"
    if planned is None:
        return Section("plan", title, "none", "no plan was given (`--plan PLAN.json`)")
    counted, *changes = summary.describe(report.environment, planned.changes)
    verdict = guard.describe(planned.verdict)
    blocks = (
        Lines("The guard's verdict", tuple(verdict)),
        Lines(f"What {names.brief(planned.sources)} would change", (counted, *changes)),
    )
    return Section("plan", title, "bad" if report.refused else "good", verdict[0], blocks)


def files(report: Report, room: int) -> Section:
    """Every line of every rendered file that changes.

    Args:
        report: the report.
        room: most characters of changed lines.
    """
    compared, title = report.compared, "Rendered files"
    if compared is None:
        return Section("files", title, "none", "no base was given (`--base REV`)")
    diff = compared.diff
    goes = any(change.kind in ("removed", "replaced") for change in diff.resources)
    tone: Tone = "warn" if diff.of("removed") or diff.replaced or goes or not diff.resources_known else "good"
    return Section("files", title, tone, compared.title, (*_summary(diff), *_changes(diff, room)))


def _summary(diff: Diff) -> Iterator[Block]:
    if diff.steps:
        lines = tuple(words.step(step) for step in diff.steps)
        yield Lines("What daemons do, on each machine in this order", lines)
    for listed, caption in ((diff.of("added"), "Added machines"), (diff.of("removed"), "Removed machines")):
        if listed:
            yield Lines(caption, (names.brief(listed),))
    changed = words.resources(diff)
    if changed:
        yield Table("Machines, networks, connections, secrets and state", ("what", "how"), tuple(changed))
    if not diff.resources_known:
        yield Lines("Not compared", (words.UNTOLD,))
    if diff.packages:
        rows = tuple((" ".join(p.added), " ".join(p.removed), names.brief(p.nodes)) for p in diff.packages)
        yield Table("Packages", ("added", "removed", "on"), rows)


def _changes(diff: Diff, room: int) -> Iterator[ChangedFile]:
    """Changes with as many lines as fit: first files are shown whole, later ones without their lines."""
    left = room
    for file in diff.files:
        shown = _fitting(file, left)
        kept = sum(len(line) for hunk in shown.hunks for line in hunk.lines)
        left -= kept
        cut = sum(len(hunk.lines) for hunk in file.hunks) - sum(len(hunk.lines) for hunk in shown.hunks)
        yield ChangedFile(file.path, words.heading(file, diff.replaces), shown, file.left_out + cut)


def _fitting(file: FileChange, room: int) -> FileChange:
    hunks, left = [], room
    for hunk in file.hunks:
        kept = []
        for line in hunk.lines:
            cut = line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
            if len(cut) > left:
                break
            left -= len(cut)
            kept.append(cut)
        if kept:
            hunks.append(replace(hunk, lines=tuple(kept)))
        if len(kept) < len(hunk.lines):
            break
    return replace(file, hunks=tuple(hunks))
