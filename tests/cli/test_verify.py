"""`hacienda verify`: its input, its report, and that Ctrl-C in its process cleans up."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hacienda.cli import project as files
from hacienda.cli import verify
from hacienda.operate.journey import Outcome, Report
from tests.cli.conftest import Project

OUTCOMES = (
    Outcome("image", "done", "uploaded", seconds=1.23),
    Outcome("boot", "failed", "No valid host\x1b[2J", "look there", 9.0, ("console \x1b]0;x",)),
    Outcome("console", "not tried", "needs the step: boot"),
    Outcome("volume", "left out", "no block storage"),
    Outcome("attach", "left out", "no block storage"),
)


def test_the_report_names_failures_their_fix_and_what_was_not_taken(capsys: pytest.CaptureFixture[str]) -> None:
    verify.show(Report("lab", "run", OUTCOMES, {}))
    text = capsys.readouterr().out
    assert text.splitlines() == [
        "image       1.2 s  uploaded",
        "boot        9.0 s  No valid host\\x1b[2J",
        "left out: volume, attach: no block storage",
        "not tried: console: needs the step: boot",
        "boot: No valid host\\x1b[2J",
        "  look there",
        "  | console \\x1b]0;x",
        "lab is unwell: 1 step failed, 10.2 s",
    ]


def test_a_platform_without_an_image_of_its_own_asks_for_one(project: Project) -> None:
    project.file.write_text(project.file.read_text() + "services:\n  glance: {}\n")
    assert "--image debian-13" in project.run("verify", "small", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--image", "no/such.qcow2"), "no/such.qcow2: the image cannot be read: No such file"),
        (("--user", "debian"), "no image is named"),
        ((), "has no secret x509/haproxy/ca.pem"),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], said: str, project: Project) -> None:
    ran = project.run("verify", "small", *arguments, code=2)
    assert said in " ".join(ran.stderr.split())


def test_names_with_dots_are_names_and_paths_are_files(project: Project, tmp_path: Path) -> None:
    cloud = files.read(str(project.file))
    assert verify.chosen(cloud, "Debian 13.2", "debian").name == "Debian 13.2"
    disk = tmp_path / "disk"
    disk.write_bytes(b"x")
    assert verify.chosen(cloud, str(disk), "debian").disk == disk


CLEANED = """
import sys, time
from hacienda.cli import main, verify
from hacienda.operate import journey
from hacienda.operate.journey.travel import Step, walk
from types import SimpleNamespace
from hacienda.operate.journey import sweep

def wait(traveller):
    print("waiting", flush=True)
    time.sleep(60)

def travel(project, cloud, image, *, observer, keep):
    traveller = SimpleNamespace(cloud=cloud, run="x", facts={})
    sweep.own = lambda traveller: print("removed", flush=True) or "removed"
    return walk(traveller, (Step("wait", wait),), observer, keep=keep)

journey.travel = travel
verify.chosen = lambda cloud, image, user: None
sys.argv = ["hacienda", "verify", "small"]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_the_clean_up(number: int, project: Project, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CLEANED],
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert out == "removed\n"
    assert process.returncode == 3
    assert "interrupted" in err
    assert "Traceback" not in err
