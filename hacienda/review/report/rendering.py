"""The report as a page and as a comment. Text from an environment, a plan or a file stays text; it never becomes markup."""

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
"""Most characters of changed lines in a page. With everything else, the page stays under 300 KiB."""

COMMENT_ROOMS = (24_000, 6_000, 0)
"""Most characters of changed lines in a comment: the first of these numbers with which the comment stays under COMMENT."""

COMMENT = 60_000
"""Most characters of a comment; GitHub accepts 65,536."""

LONGEST = 1_000
"""Characters of a text or line that are shown; the rest is cut. One line of a plan may name a thousand machines."""

SIGNS: dict[Tone, str] = {"good": "✅", "warn": "⚠️", "bad": "❌", "none": "⚪"}
WORDS: dict[Tone, str] = {"good": "fine", "warn": "look at it", "bad": "stop", "none": "to know"}
"""Name of each tone, because colour and sign alone do not reach every reader."""


def sections(report: Report, room: int) -> tuple[Section, ...]:
    """All sections: trust first, then deletions, then everything else.

    Args:
        report: the report.
        room: most characters of changed lines.
    """
    changed = (changing.trust(report), changing.going(report), changing.plan(report), changing.files(report, room))
    stands = (standing.findings(report), standing.picture(report))
    return (*changed, *stands, standing.availability(report), standing.timers(report))


def headline(report: Report) -> tuple[Tone, str]:
    """The report in a line: what changes, and whether the change is allowed."""
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
    """A single HTML page, light and dark, without scripts and requests.

    Raises:
        ToolError: the picture cannot be drawn.
    """
    picture = Markup(topology.svg(report.picture))  # noqa: S704 (drawn here, every text in it escaped)
    return _environment().get_template("page.html.j2").render(**_variables(report, PAGE_ROOM), picture=picture)


def comment(report: Report) -> str:
    """A comment for a pull request, in Markdown. Its first line names the environment, so that a pipeline can update it."""
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
    """A line of a program or a file, without characters that a terminal or browser obeys."""
    return cut(printable(str(text)))


def cut(text: str) -> str:
    """A text cut to LONGEST characters."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … and {len(text) - LONGEST} more characters"


def plain(text: object) -> str:
    """Hacienda's or an operator's words, in one line."""
    return line(" ".join(str(text).split()))


def in_html(text: object) -> Markup:
    """Words for a page. Text between backticks becomes code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if code else Markup.escape(part) for code, part in _parts(plain(text))
    )


_SPECIAL = re.compile(r"([\\`*_\[\]|~$])")


def in_markdown(text: object) -> str:
    """Words for a comment. They start no Markdown element and mention nobody."""
    return "".join(f"<code>{_literal(part)}</code>" if code else _literal(part) for code, part in _parts(plain(text)))


def _literal(text: str) -> str:
    # A word joiner keeps the forge from notifying `@name`, and from turning `#1` and addresses into links.
    joined = re.sub(r"([@#]|://)(?=\w)", "\\1\u2060", text)
    return _SPECIAL.sub(r"\\\1", html.escape(joined, quote=False))


def _parts(text: str) -> Iterable[tuple[bool, str]]:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        # One backtick has no partner.
        return [(False, text)]
    return [(bool(number % 2), piece) for number, piece in enumerate(pieces) if piece]


def fence(lines: Iterable[str]) -> str:
    """A fence that is longer than any fence in the lines."""
    longest = max((len(run) for one in lines for run in re.findall(r"`+", one)), default=0)
    return "`" * max(3, longest + 1)
