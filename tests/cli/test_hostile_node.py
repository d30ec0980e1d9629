"""A node that was taken over answers with what a terminal would obey; the operator reads it as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda.cli import console
from tests.cli.conftest import Project

COPY = "\x1b]52;c;cm0gLXJmIH4=\x07"
"""Puts a command on the clipboard (OSC 52)."""
VERIFY = """\
#!/bin/sh
cat <<'END'
{answer}
END
"""


@pytest.fixture
def hostile(deployed: Project) -> Iterator[Project]:
    """`small`, whose ctl-1 says of its services what it likes."""
    program = deployed.machine("ctl-1") / "usr/lib/hacienda/hacienda-verify"
    kept = program.read_bytes()
    services = (deployed.machine("ctl-1") / "var/lib/hacienda/services").read_text().split()
    said = [{"service": name, "ok": False, "detail": f"[red]{COPY}", "fix": f"{COPY}\x9b2J"} for name in services]
    program.write_text(VERIFY.format(answer=json.dumps(said)))
    yield deployed
    program.write_bytes(kept)


def test_status_shows_a_verdict_as_text(hostile: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "_force_terminal", True)
    ran = hostile.run("status", "small", code=1)
    assert "\\x1b]52;c;cm0gLXJmIH4=" in ran.stdout
    assert "[red]" in ran.stdout
    assert "\x1b]" not in ran.stdout + ran.stderr
    assert "\x9b" not in ran.stdout + ran.stderr
    assert json.loads(hostile.run("status", "small", "--json", code=1).stdout)


def test_a_file_of_any_name_is_shown_as_text(project: Project) -> None:
    named = project.root / "environments" / f"a{COPY}.yaml"
    project.file.rename(named)
    for command in (["check"], ["check", "--json"], ["synth"], ["ledger"], ["diff"]):
        ran = project.run(*command, *([] if command == ["ledger"] else [f"environments/{named.name}"]), code=None)
        assert "\x1b" not in ran.stdout + ran.stderr


def test_a_value_of_the_environment_file_is_shown_as_text(project: Project) -> None:
    project.file.write_text(project.file.read_text() + f'ssh: {{user: "{COPY.encode("unicode_escape").decode()}"}}\n')
    ran = project.run("check", "small", code=2)
    assert "\x1b" not in ran.stdout + ran.stderr
    assert Path(project.file).name in ran.stderr
