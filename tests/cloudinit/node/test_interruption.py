"""kill -9 of hacienda-apply at any moment: the next run ends where an uninterrupted one does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import lanes
from tests.cloudinit import sample
from tests.cloudinit.conftest import Machine, make_values
from tests.cloudinit.node.test_install import other_limit

_KILLER = """
import os, signal, sys

from hacienda.cloudinit.node import apply

remaining = int(sys.argv.pop(1))


def count(event, arguments):
    global remaining
    if event in ("os.rename", "os.remove", "os.mkdir", "os.symlink", "subprocess.Popen", "open"):
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & os.O_CREAT):
            return
        remaining -= 1
        if remaining < 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(count)
sys.exit(apply.main())
"""
"""Dies before the n-th change it would make to the machine: each rename, removal, folder, link, new file and command."""


def killed(machine: Machine, delivery: Path, changes: int) -> bool:
    """Installs, killed before one change more than `changes`; False when there were not that many."""
    command = [sys.executable, "-Bc", _KILLER, str(changes), "install", "--from", str(delivery)]
    environment = machine.environment(PYTHONPATH=str(Path(__file__).parents[3]))
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if answer.returncode == 0:
        return False
    assert answer.returncode == -signal.SIGKILL, answer.stderr
    return True


def tree(machine: Machine) -> dict[str, bytes]:
    found = {}
    for folder in ("etc", "usr"):
        for path in sorted((machine.root / folder).rglob("*")):
            if path.is_file():
                found[str(path.relative_to(machine.root))] = path.read_bytes()
    return found


@pytest.mark.parametrize("start", lanes.first(range(5, 400, 44), lambda start: start % 176 == 5))
def test_first_installation(machine: Machine, start: int) -> None:
    output = sample.render()
    values = make_values(output)
    killed(machine, machine.unpack(output, values), start)
    assert machine.deliver(output, values).returncode == 0
    status = machine.status()
    assert status["files"] == output.file_hashes
    assert status["pending"] == {"alpha": "restart", "beta": "reload", "gamma": "converge"}
    assert not [path for path in tree(machine) if "/.hacienda-" in path]


@pytest.mark.parametrize("step", lanes.first((85, 17), (85).__eq__))
def test_moments_of_a_change(machine: Machine, step: int) -> None:
    first, second = sample.render(), other_limit(8)
    values = make_values(first)
    machine.deliver(first, values)
    for moment in range(0, 400, step):
        _settle(machine)
        target, previous = (second, first) if moment % (2 * step) == 0 else (first, second)
        interrupted = killed(machine, machine.unpack(target, values), moment)
        seen = machine.status()["files"]["/etc/alpha/alpha.conf"]
        assert seen.startswith("drifted:") or seen in (
            target.file_hashes["/etc/alpha/alpha.conf"],
            previous.file_hashes["/etc/alpha/alpha.conf"],
        )
        assert machine.deliver(target, values).returncode == 0
        status = machine.status()
        assert status["files"] == target.file_hashes
        assert status["bundle_hash"] == target.bundle_hash
        assert status["pending"] == {"alpha": "restart"}
        assert not [path for path in tree(machine) if "/.hacienda-" in path]
        if not interrupted:
            assert moment > 5
            return
    raise AssertionError("the installation never came to its end")


def _settle(machine: Machine) -> None:
    for folder in ("pending", "taken"):
        for path in (machine.state / folder).glob("*"):
            path.unlink()


def test_two_at_once_wait_for_each_other(machine: Machine) -> None:
    output = sample.render()
    values = make_values(output)
    deliveries = [machine.unpack(output, values) for _ in range(2)]
    running = [
        subprocess.Popen(
            [sys.executable, "-BSE", delivery / "bundle/bin/hacienda-apply", "install", "--from", delivery],
            env=machine.environment(),
            stderr=subprocess.PIPE,
        )
        for delivery in deliveries
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    assert machine.status()["files"] == output.file_hashes
    assert [path.name for path in (machine.state / "bundles").iterdir()] == [output.bundle_hash]
