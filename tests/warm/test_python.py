"""The Python that starts at once does what Python does, in a process that ends with the one that stands for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hacienda.provider.framework import server
from tests import lanes


def run(python: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [python, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def python() -> str:
    return os.environ["HACIENDA_PYTHON"]


@pytest.mark.parametrize(
    "arguments",
    lanes.first(
        [
            ("-P", "-m", "hacienda.provider", "--schema"),
            ("-P", "-m", "hacienda.provider"),
            ("-P", "-m", "hacienda.review.diff", "./nowhere.yaml", "out"),
            ("-P", "-m", "hacienda.cli", "explain", "no such rule"),
            ("-c", "import sys; print(sys.argv); sys.exit(7)", "an argument"),
        ],
        lambda arguments: "hacienda.provider" in arguments,
    ),
)
def test_it_says_and_ends_as_python_does(python: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    at_once, cold = (run(program, *arguments, folder=tmp_path) for program in (python, sys.executable))
    assert (at_once.returncode, at_once.stdout, at_once.stderr) == (cold.returncode, cold.stdout, cold.stderr)


def test_what_is_another_tree_s_is_run_by_python_itself(python: str, tmp_path: Path) -> None:
    """A diff's base has code of its own."""
    package = tmp_path / "hacienda/provider"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "__main__.py").write_text("print('another')\n")
    done = subprocess.run(
        [python, "-P", "-m", "hacienda.provider"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "another\n"


def test_a_provider_ends_with_the_process_that_is_killed(python: str) -> None:
    started = subprocess.Popen(
        [python, "-P", "-m", "hacienda.provider"],
        env={**os.environ, "TF_PLUGIN_MAGIC_COOKIE": server._COOKIE},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    handshake = started.stdout.readline()
    assert handshake.startswith("1|6|unix|"), json.dumps(handshake)
    started.kill()
    # Nobody has the other end any more.
    assert started.stdout.read() == ""
    started.wait()


@pytest.mark.parametrize("said", [b"", b"\0", b"\0\0\1\0cut off"])
def test_a_client_that_dies_while_it_asks_ends_nothing_but_itself(python: str, said: bytes, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(Path(python).with_name("socket")))
        client.sendall(said)
    assert run(python, "-P", "-m", "hacienda.provider", folder=tmp_path).returncode == 2
