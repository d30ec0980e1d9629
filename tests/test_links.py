"""Every link of a page, and every section that code cites, leads to a file of the project and to a heading that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests import repository

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^ *(`{3,}).*?^ *\1$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
"""Blocks and words that are shown as they are."""
CITED = re.compile(r"(?<![\w/.-])(docs/[\w/-]+\.md)(?:#([\w-]+))?")
"""A page, by its path from the top, and the section of it that code cites."""
REFERENCE = "docs/reference.md"
UNSHIPPED = "ha-reference"
"""A collection of facts that the code cited for long, and that no checkout holds."""


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
    page.write_text(
        "# One\n[a](no.md) [b](#two) [c](page.md#two)\n```\n[d](no.md)\n```\n1. e\n   ```\n   [f](no.md)\n   ```\n"
    )
    assert list(broken(page)) == ["no.md", "#two", "page.md#two"]


def lost(text: str) -> Iterator[str]:
    """Citations in a file of code that lead nowhere: of a section that its page has not, or of the reference as a whole."""
    for page, section in CITED.findall(text):
        if section and (not (ROOT / page).is_file() or section not in anchors((ROOT / page).read_text())):
            yield f"{page}#{section}"
        if page == REFERENCE and not section:
            yield page
    if UNSHIPPED in text:
        yield UNSHIPPED


def test_every_citation_names_a_section_that_is_there() -> None:
    names = repository.git(ROOT, "ls-files", "hacienda", "docs", "examples").splitlines()
    texts = {name: (ROOT / name).read_text(errors="replace") for name in names if (ROOT / name).is_file()}
    pages = {name for name in texts if name.endswith(".md")}
    assert {name: found for name in texts.keys() - pages if (found := list(lost(texts[name])))} == {}
    assert {name for name in pages if UNSHIPPED in texts[name]} == set()
    cited = {section for text in texts.values() for page, section in CITED.findall(text) if page == REFERENCE}
    assert cited >= {"galera", "rabbitmq", "haproxy", "virtual-ip", "chrony", "ceph"}


def test_a_citation_that_leads_nowhere_is_found() -> None:
    assert list(lost(f"({REFERENCE}#galera), docs/services/etcd.md, see docs/no.md")) == []
    assert list(lost(f"{REFERENCE}#no docs/no.md#galera {REFERENCE}; {UNSHIPPED}, VIP")) == [
        f"{REFERENCE}#no",
        "docs/no.md#galera",
        REFERENCE,
        UNSHIPPED,
    ]
