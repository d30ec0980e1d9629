"""Folders of runs go, whatever ended the run, and never while it works in them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fresh.workspace import workspace

ROOT = Path(__file__).parents[2]
WAITS = """
import pathlib, sys, time
from tests.fresh.workspace import workspace
with workspace(pathlib.Path(sys.argv[1]), "other") as folder:
    (folder / "root").mkdir()
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_folder_is_gone_at_the_end_of_its_run_even_if_that_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), workspace(tmp_path, "root") as folder:
        (folder / "root").mkdir()
        raise RuntimeError
    assert not folder.exists()


def test_the_folder_of_a_killed_run_is_removed_by_the_next_and_that_of_a_live_one_is_not(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        left = Path(other.stdout.readline().strip())
        with workspace(tmp_path, "root"):
            assert (left / "root").is_dir()
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        assert (left / "root").is_dir()
        with workspace(tmp_path, "root"):
            assert not left.exists()


def test_a_kept_folder_stays_for_the_next_run_to_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with workspace(tmp_path, "root", keep=True) as folder:
        pass
    assert folder.is_dir()
    assert str(folder) in capsys.readouterr().out
    with workspace(tmp_path, "root"):
        assert not folder.exists()
