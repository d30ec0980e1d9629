"""docs/howto: each page is linked, and the commands in them exist with the options that they are given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from hacienda.cli.app import app
from tests.test_setup import TARGETS

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs/howto").glob("*.md"))
SHOWN = re.compile(r"^( *)```(?:console|sh)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
"""Blocks of commands."""
REFUSED: Any = typer.BadParameter.__base__
"""Any error of usage; typer exports one kind of it alone."""
INLINE = re.compile(r"`((?:hacienda|make) [^`\n]+)`")


def commands(text: str) -> Iterator[list[str]]:
    """Commands of Hacienda and of make that a page shows, in blocks or in sentences, as words."""
    lines = [line for block in SHOWN.findall(text) for line in block[1].splitlines()]
    for line in [*lines, *INLINE.findall(text)]:
        words = shlex.split(line, comments=True)
        if words[:1] in (["hacienda"], ["make"]):
            yield words


def fault(words: list[str]) -> str:
    """Why a command would be refused before it does anything; empty: it would not."""
    program, *rest = words
    if program == "make":
        named = [word for word in rest if "=" not in word]
        return "" if set(named) <= TARGETS else f"no target {set(named) - TARGETS}"
    command: Any = typer.main.get_command(app)
    while subcommands := getattr(command, "commands", {}):
        if not rest or rest[0] not in subcommands:
            return f"no command {rest[:1]}"
        command = subcommands[rest.pop(0)]
    if not rest:  # a sentence names the command, or HACIENDA_ENV names the environment
        return ""
    try:
        command.make_context("hacienda", rest)
    except REFUSED as error:
        return f"{type(error).__name__}: {error}"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_commands_that_exist(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = list(commands(page.read_text()))
    assert shown
    assert [(" ".join(words), why) for words in shown if (why := fault(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_linked_from_the_top(page: Path) -> None:
    assert f"(docs/howto/{page.name})" in (ROOT / "README.md").read_text()


def test_what_does_not_exist_is_found() -> None:
    block = "   ```console\n   hacienda apply lab --yess\n   hacienda secret show lab  # all\n   ```\n"
    wrong = list(commands(f"`make tea`\n{block}`hacienda guard --json`"))
    assert len(wrong) == 4
    assert [words for words in wrong if not fault(words)] == []
    assert fault(["hacienda", "apply", "lab", "--yes"]) == ""
    assert fault(["make", "lab-test", "TESTS=not long"]) == ""
