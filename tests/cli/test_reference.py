"""The commands' pages are the ones that the application gives now."""

from __future__ import annotations

from pathlib import Path

from hacienda.cli.reference import pages

FOLDER = Path(__file__).parents[2] / "docs" / "commands"


def test_pages_are_up_to_date() -> None:
    written = {path.name: path.read_text() for path in FOLDER.glob("*.md")}
    assert written == dict(pages()), "run: make docs"


def test_every_parameter_is_explained() -> None:
    for name, page in pages().items():
        for line in page.splitlines():
            assert not line.rstrip().endswith("|  |"), f"{name}: {line}"
