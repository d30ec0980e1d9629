"""docs/security.md fills every cell of its tables, and SECURITY.md says how to report."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/security.md").read_text()
POLICY = (ROOT / "SECURITY.md").read_text()
HEADINGS = (
    "Local users on a node",
    "Networks and neighbours",
    "Front door",
    "Certificates and authorities",
    "etcd",
    "The operator's machine and the secret store",
    "Pull requests and pipelines",
    "Sandboxes",
)
COLUMNS = ["credential", "who holds it", "may do", "a stolen one gives, for how long", "take it back"]


def _rows(section: str) -> list[list[str]]:
    lines = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)
    return [[cell.strip() for cell in line.split(" | ")] for line in lines]


def test_the_page_has_a_section_for_each_boundary() -> None:
    assert tuple(re.findall(r"^## (.*)$", PAGE, re.MULTILINE)) == HEADINGS


@pytest.mark.parametrize("heading", HEADINGS)
def test_a_boundary_says_of_each_credential_all_that_its_table_asks(heading: str) -> None:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    head, _, *rows = _rows(section)
    assert head == COLUMNS
    assert rows
    for row in rows:
        assert len(row) == len(COLUMNS), row
        assert all(row), row


def test_the_policy_is_found_and_names_a_private_way_and_no_invented_address() -> None:
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text()
    assert "(docs/security.md)" in (ROOT / "README.md").read_text()
    assert "private vulnerability reporting" in POLICY
    assert not re.search(r"[\w.+-]+@[\w-]+\.\w+", POLICY)
    for heading in ("Report a vulnerability", "What to expect", "Supported versions"):
        assert f"\n## {heading}\n" in POLICY
