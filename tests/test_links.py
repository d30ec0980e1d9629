"""Every link of a page to a file of the project leads to one, and to a heading that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests import repository

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^(`{3,}).*?^\1$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
"""Blocks and words that are shown as they are."""


def anchors(text: str) -> set[str]:
    """How the forge calls a page's headings."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub(lambda match: match[0].strip("`"), text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """Links of a page that lead nowhere."""
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file) if file else page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text())):
            yield target


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    pages = [ROOT / name for name in repository.git(ROOT, "ls-files", "*.md").splitlines()]
    assert len(pages) > 90
    assert {page.relative_to(ROOT): found for page in pages if (found := list(broken(page)))} == {}


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `thing`, two\n[a](page.md) [b](#one-thing-two) `[c](no.md)` [d](https://example.org/)\n")
    assert list(broken(page)) == []
    page.write_text("# One\n[a](no.md) [b](#two) [c](page.md#two)\n```\n[d](no.md)\n```\n")
    assert list(broken(page)) == ["no.md", "#two", "page.md#two"]
