"""Sections on the present state: findings, the picture, the availability estimate, the timer budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from hacienda.assess import Acceptance, Finding
from hacienda.assess.availability import Estimate, words
from hacienda.assess.timers import Line
from hacienda.review import topology
from hacienda.review.report.blocks import Block, Cell, Drawing, Section, Table, Tone
from hacienda.review.report.model import Report
from hacienda.review.report.trees import tree

MOST = 20
"""Most listed findings of one rule."""

SHOWN = 5
"""Most listed contributors and improvements, as in `hacienda availability`."""

_TONES: dict[str, Tone] = {"error": "bad", "warning": "warn", "info": "none"}


def findings(report: Report) -> Section:
    """Findings of all rules; for accepted ones the reason and the end date."""
    open_ones = [one for one in report.findings if not one.accepted]
    accepted = [(one, one.acceptance) for one in report.findings if one.accepted and one.acceptance]
    tone: Tone = _TONES[open_ones[0].severity] if open_ones else "good"
    blocks: list[Block] = []
    if open_ones:
        rows = tuple(_open_rows(open_ones))
        blocks.append(Table("Open", ("rule", "severity", "where", "reason", "fix"), rows))
    if accepted:
        listed = tuple(_accepted(*one) for one in accepted)
        columns = ("rule", "where", "reason", "accepted because", "until")
        blocks.append(Table("Accepted by the environment file", columns, listed))
    return Section("findings", "Findings", tone, report.counts or "none", tuple(blocks))


def _open_rows(found: Sequence[Finding]) -> Iterator[tuple[str | Cell, ...]]:
    for rule, group in groupby(found, key=lambda one: one.rule):
        same = list(group)
        for one in same[:MOST]:
            expired = f" It was accepted until {one.acceptance.until}." if one.acceptance else ""
            yield rule, Cell(one.severity, _TONES[one.severity]), _place(one), one.reason + expired, one.fix
        if len(same) > MOST:
            yield rule, Cell(same[0].severity, _TONES[same[0].severity]), "", f"and {len(same) - MOST} more like it", ""


def _accepted(one: Finding, by: Acceptance) -> tuple[str | Cell, ...]:
    return one.rule, _place(one), one.reason, by.reason, by.until.isoformat()


def _place(one: Finding) -> str:
    return f"{one.file}:{one.line} {one.where}" if one.file and one.line is not None else one.where


def picture(report: Report) -> Section:
    """The topology, with single points of failure in red."""
    drawn = report.picture
    tone: Tone = "good" if not drawn.marks else "none" if all(mark.accepted for mark in drawn.marks) else "warn"
    rules = ", ".join(map(str, drawn.marks))
    single = f"single points of failure: {rules}" if rules else "no single point of failure"
    said = f"{drawn.count} machines, {single}"
    return Section("topology", "Topology", tone, said, (Drawing(topology.described(drawn)),))


def availability(report: Report) -> Section:
    """The availability estimate against the target, the trees behind it, and improvements."""
    found = report.estimate
    worst = found.worst
    if worst is None:
        return Section(
            "availability", "Availability", "none", "this environment serves no request that can be estimated"
        )
    said = f"{worst.name} {worst.percent:.4f} %, {words.a_year(worst.minutes)}; target {found.target:g} % "
    said += "met by all" if found.met else "missed"
    trees = (tree(path) for path in report.paths)
    blocks = (*_requests(found), *trees, *_assumed(found))
    return Section("availability", "Availability", "good" if found.met else "warn", said, blocks)


def _requests(found: Estimate) -> Iterator[Block]:
    rows: list[tuple[str | Cell, ...]] = [
        (
            path.name,
            f"{path.percent:.4f} %",
            words.a_year(path.minutes),
            Cell(words.standing(path), "none" if path.target is None else "good" if path.met else "warn"),
            words.cause(path),
        )
        for path in found.paths
    ]
    rows += [(one.name, "absent", one.lacks, Cell("", "none"), "") for one in found.absent]
    columns = ("request", "availability", "downtime", f"target {found.target:g} %", "most of it")
    yield Table("Availability of each kind of request", columns, tuple(rows))
    if found.worst is not None:
        costs = tuple((one.label, f"{one.minutes:.1f}") for one in found.worst.contributors[:SHOWN])
        yield Table(f"Largest causes of downtime: {found.worst.name}", ("part", "minutes a year"), costs)
    better = tuple((one.change, f"{one.saved:.1f}", f"{one.minutes:.1f}") for one in found.improvements[:SHOWN])
    if better:
        yield Table("What buys the next nine", ("change", "minutes a year saved", "minutes a year left"), better)


def _assumed(found: Estimate) -> Iterator[Block]:
    rows: list[tuple[str | Cell, ...]] = []
    for failure, effects in words.by_failure(found):
        for one, names in words.by_outage(effects):
            lost = ", ".join(dict.fromkeys(each.loses for each in effects if each.path in names))
            told = Cell(words.outage(one), "none" if one.survives else "warn")
            rows.append((failure, told, words.named(names, found), lost))
    columns = ("failure", "served again after", "requests", "what is lost")
    yield Table("Effect of each failure", columns, tuple(rows), brief=False)
    figures = [(f"failover of {one.service}", f"{one.seconds:.3g} s", one.source) for one in found.failovers]
    figures += [(str(one["name"]), str(one["value"]), str(one["source"])) for one in found.assumptions]
    yield Table("Assumptions", ("what", "value", "source"), tuple(figures), brief=False)


def timers(report: Report) -> Section:
    """The longest effect of each failure, against its target and measurements."""
    lines = report.budget.lines
    late = [line.failure.name for line in lines if not line.failure.within_target or line.exceeded]
    contradictions = tuple((one.where, one.reason, one.fix) for one in report.budget.contradictions)
    said = f"{len(lines)} failures, {f'{len(late)} beyond their targets' if late else 'all within their targets'}"
    said += f"; {len(contradictions)} contradictions" if contradictions else ""
    columns = ("failure", "noticed after", "served again after", "target", "measured", "sum of")
    table = Table("Worst case in seconds, from the rendered files", columns, tuple(_timed(line) for line in lines))
    blocks: tuple[Block, ...] = (table,)
    if contradictions:
        blocks = (Table("Contradictions", ("where", "reason", "fix"), contradictions), *blocks)
    return Section("timers", "Timer budget", "warn" if late or contradictions else "good", said, blocks)


def _timed(line: Line) -> tuple[str | Cell, ...]:
    failure = line.failure
    measured = Cell("", "none")
    if line.longest is not None:
        measured = Cell(f"{line.longest.seconds:.3g}", "bad" if line.exceeded else "good")
    return (
        failure.name,
        f"{failure.detection.seconds:.3g}",
        Cell(f"{failure.recovery.seconds:.3g}", "none" if failure.within_target else "bad"),
        "" if failure.target is None else f"{failure.target:g}",
        measured,
        str(failure.recovery),
    )
