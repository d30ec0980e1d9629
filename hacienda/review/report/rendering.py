"""The report as a page and as a comment. Whatever an environment, a plan or a file says is text there: never markup."""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from hacienda.printing import printable
from hacienda.review import topology
from hacienda.review.diff import words
from hacienda.review.plan import summary
from hacienda.review.report import changing, standing
from hacienda.review.report.blocks import Section, Tone
from hacienda.review.report.model import Report

_TEMPLATES = Path(__file__).parent / "templates"

PAGE_ROOM = 120_000
"""Characters of changed lines in a page: with everything else it stays under 300 KiB."""

COMMENT_ROOMS = (24_000, 6_000, 0)
"""Characters of changed lines in a comment: the first of these with which it stays under COMMENT."""

COMMENT = 60_000
"""Characters of a comment; GitHub takes 65,536."""

LONGEST = 1_000
"""Characters of a text or a line beyond which it is cut: somebody's plan may name a thousand machines in one."""

SIGNS: dict[Tone, str] = {"good": "✅", "warn": "⚠️", "bad": "❌", "none": "⚪"}
WORDS: dict[Tone, str] = {"good": "fine", "warn": "look at it", "bad": "stop", "none": "to know"}
"""What a tone is called, beside its colour and its sign."""


def sections(report: Report, room: int) -> tuple[Section, ...]:
    """Everything, what goes first.

    Args:
        report: the report.
        room: characters of changed lines that there is room for.
    """
    changed = (changing.trust(report), changing.going(report), changing.plan(report), changing.files(report, room))
    stands = (standing.findings(report), standing.picture(report))
    return (*changed, *stands, standing.availability(report), standing.timers(report))


def headline(report: Report) -> tuple[Tone, str]:
    """The report in a line: what changes, and whether it may."""
    said = [_changes(report)] if report.planned or report.compared else []
    trusting = report.compared is not None and bool(words.trust(report.compared.diff))
    said += ["the quorum guard refuses the plan"] if report.refused else []
    counts = f" ({report.counts})" if report.counts else ""
    said.append(f"{'the assessment fails' if report.failing else 'no error'}{counts}")
    if trusting and report.planned is not None and report.compared is not None:
        said.insert(0, words.trust(report.compared.diff).removesuffix("; "))
    return ("bad" if report.exit_code or trusting else "good"), "; ".join(said)


def _changes(report: Report) -> str:
    if report.planned is not None:
        return summary.describe("", report.planned.changes)[0].removeprefix(": ")
    return report.compared.title.removeprefix(f"{report.environment}: ") if report.compared else ""


def page(report: Report) -> str:
    """A single HTML page that needs nothing else: no script, no request, light and dark.

    Raises:
        ToolError: the picture could not be drawn.
    """
    picture = Markup(topology.svg(report.picture))  # noqa: S704 (drawn here, every text in it escaped)
    return _environment().get_template("page.html.j2").render(**_variables(report, PAGE_ROOM), picture=picture)


def comment(report: Report) -> str:
    """A comment for a pull request, in Markdown; its first line tells whose it is, so that it can be updated in place."""
    text = ""
    for room in COMMENT_ROOMS:
        template = _environment().get_template("comment.md.j2")
        text = template.render(**_variables(report, room), mermaid=topology.mermaid(report.picture))
        text = re.sub(r"\n{3,}", "\n\n", text)
        if len(text) <= COMMENT:
            break
    return text


def _variables(report: Report, room: int) -> dict[str, Any]:
    tone, said = headline(report)
    return {
        "report": report,
        "tone": tone,
        "said": said,
        "sections": sections(report, room),
        "signs": SIGNS,
        "words": WORDS,
    }


@functools.cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=jinja2.select_autoescape(("html.j2",), ("md.j2", "css"), default=True),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update({"said": in_html, "told": in_markdown, "line": line, "fence": fence})
    return made


def line(text: object) -> str:
    """A line of a program or a file: nothing in it is obeyed by whoever shows it."""
    return cut(printable(str(text)))


def cut(text: str) -> str:
    """A text that is not endless."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … and {len(text) - LONGEST} more characters"


def plain(text: object) -> str:
    """Words of ours or of an operator, in one line."""
    return line(" ".join(str(text).split()))


def in_html(text: object) -> Markup:
    """Words for a page; what is between backticks is code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if code else Markup.escape(part) for code, part in _parts(plain(text))
    )


_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")


def in_markdown(text: object) -> str:
    """Words for a comment: they cannot begin anything, and call nobody."""
    return "".join(f"<code>{_literal(part)}</code>" if code else _literal(part) for code, part in _parts(plain(text)))


def _literal(text: str) -> str:
    # A word joiner keeps `@name` from being told of it, and `#1` and addresses from becoming links.
    joined = re.sub(r"([@#]|://)(?=\w)", "\\1\u2060", text)
    return _SPECIAL.sub(r"\\\1", html.escape(joined, quote=False))


def _parts(text: str) -> Iterable[tuple[bool, str]]:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        # One backtick is left over.
        return [(False, text)]
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]


def fence(lines: Iterable[str]) -> str:
    """A fence for lines that may have fences in them."""
    longest = max((len(run) for one in lines for run in re.findall(r"`+", one)), default=0)
    return "`" * max(3, longest + 1)
