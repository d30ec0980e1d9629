"""How a command ends where the trouble is around it: its output's reader, disk and encoding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import pytest

from tests.cli.conftest import Project

COMMANDS = [("explain",), ("explain", "--json"), ("topology", "small", "--format", "svg")]


def pythons() -> dict[tuple[str, ...], str]:
    """What runs each of COMMANDS: the first one Python as it is, the others the one that starts at once."""
    return dict.fromkeys(COMMANDS, os.environ["HACIENDA_PYTHON"]) | {COMMANDS[0]: sys.executable}


def spawned(
    command: list[str], project: Project, *, stdout: int | IO[Any], **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command,
        cwd=project.root,
        env={**project.environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=300,
        check=False,
    )


def spawn(
    project: Project, *arguments: str, stdout: int | IO[Any], python: str = sys.executable, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    done = spawned([python, "-P", "-m", "hacienda.cli", *arguments], project, stdout=stdout, **variables)
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_went_is_no_unwell_cloud(project: Project, command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = spawn(project, *command, stdout=writing, python=pythons()[command])
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (3, b"")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told_as_one(project: Project, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = spawn(project, *command, stdout=full, python=pythons()[command])
    assert done.returncode == 3
    assert done.stderr.decode() == "The output cannot be written: No space left on device\n"


def test_a_terminal_without_our_characters_shows_others(project: Project) -> None:
    done = spawn(project, "topology", "small", stdout=subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "ctl-1" in done.stdout.decode("ascii")


def test_programs_get_utf_8_whatever_the_terminal_is(project: Project) -> None:
    project.file.write_text(
        project.file.read_text() + "accept: [{rule: DOMAIN, reason: ein Schrank genügt später, until: 2999-12-31}]\n"
    )
    done = spawn(project, "check", "small", "--json", stdout=subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert "genügt" in str(json.loads(done.stdout.decode("utf-8")))
    assert "genügt".encode() in done.stdout


def test_a_closed_output_is_nothing_to_fail_of(project: Project) -> None:
    command = f"exec {sys.executable} -m hacienda.cli explain --json >&-"
    done = spawned(["/bin/sh", "-c", command], project, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_log_takes_every_path(project: Project) -> None:
    (project.root / "sitecustomize.py").write_text(
        "import hacienda.services\n"
        "def broken():\n    raise ZeroDivisionError('\\udcf6')\n"
        "hacienda.services.registry = broken\n"
    )
    extra = {"PYTHONPATH": str(project.root), "TMPDIR": str(project.root), "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = spawn(project, "check", "small", stdout=subprocess.DEVNULL, **extra, PYTHONCOERCECLOCALE="0")
    assert done.returncode == 3
    assert done.stderr.startswith(b"This is a defect of Hacienda: ZeroDivisionError. Details: ")


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(project: Project) -> None:
    (project.root / "report.md").write_text("the one before")
    command = f"ulimit -f 1; exec {sys.executable} -m hacienda.cli report small --out report.md"
    done = spawned(["/bin/sh", "-c", command], project, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (3, b"report.md cannot be written: File too large\n")
    assert (project.root / "report.md").read_text() == "the one before"
    assert not [path for path in project.root.iterdir() if path.name.startswith(".report")]


def test_ctrl_c_is_no_traceback_while_the_command_is_still_read(project: Project) -> None:
    (project.root / "sitecustomize.py").write_text(
        "import builtins\n"
        "real = builtins.__import__\n"
        "def read(name, *rest, **more):\n"
        "    if name == 'hacienda.cli.app':\n        raise KeyboardInterrupt\n"
        "    return real(name, *rest, **more)\n"
        "builtins.__import__ = read\n"
    )
    done = spawn(project, "explain", stdout=subprocess.PIPE, PYTHONPATH=str(project.root))
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"interrupted\n")


def test_a_child_that_ctrl_c_ended_first_is_no_traceback(project: Project) -> None:
    (project.root / "sitecustomize.py").write_text(
        "import atexit\ndef stop():\n    raise BrokenPipeError(32, 'Broken pipe')\natexit.register(stop)\n"
    )
    done = spawn(project, "explain", stdout=subprocess.PIPE, PYTHONPATH=str(project.root))
    assert (done.returncode, done.stderr) == (0, b"")
