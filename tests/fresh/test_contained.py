"""What runs in namespaces ends with the program that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fresh import contained

ROOT = Path(__file__).parents[2]
# A daemon, as a lab's: of a session of its own, with nothing of its parent open.
DAEMON = "setsid sleep 987 < /dev/null > /dev/null 2>&1 & sleep 987"
STARTS = """
import os, sys
from tests.fresh import contained
contained.run(["sh", "-c", sys.argv[1]], seconds=600, environment={**os.environ, "TRIED_IN": sys.argv[2]})
"""


def sleeping(folder: Path) -> list[int]:
    """The processes of a test that are what its program started, known by their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if command == b"sleep\x00987\x00" and f"TRIED_IN={folder}".encode() in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


def eventually(count: int, folder: Path) -> None:
    """Wait until that many of a test's processes run."""
    deadline = time.monotonic() + 120
    while len(sleeping(folder)) != count:
        assert time.monotonic() < deadline, sleeping(folder)
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_program_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    argv = [sys.executable, "-c", STARTS, DAEMON, str(tmp_path)]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL) as starter:
        eventually(2, tmp_path)
        starter.send_signal(number)
        starter.wait()
        eventually(0, tmp_path)


def test_a_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        contained.run(["sleep", "600"], seconds=0.2, environment=dict(os.environ))


def test_the_exit_code_is_that_of_the_program() -> None:
    assert contained.run(["sh", "-c", "exit 7"], seconds=60, environment=dict(os.environ)) == 7
