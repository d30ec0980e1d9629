"""Changes of a running cloud: reviewed, rolled out in place, refused, interrupted; while clients write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.clients import Client, Keystone, SqlWriter
from tests.lab.cloud import CONTROLLERS, RESOURCE, TERRAFORM, Lab


@pytest.fixture
def changed(healthy: Lab) -> Iterator[Path]:
    """The lab's environment file, to be changed by a test and put back, applied, after it."""
    path = healthy.root / "environments/lab.yaml"
    before = path.read_text()
    yield path
    path.write_text(before)
    healthy.hacienda("apply", "lab", "--yes")


def replacing(*nodes: str) -> list[str]:
    return [f"-replace={RESOURCE}.{node}" for node in nodes]


def begin_to_replace(lab: Lab, victim: str) -> subprocess.Popen[bytes]:
    """An apply that replaces one machine, in a process group of its own."""
    return subprocess.Popen(
        [*TERRAFORM, "apply", "-auto-approve", "-no-color", *replacing(victim)],
        cwd=lab.root / "cdktf.out/stacks/lab-controller",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HACIENDA_PYTHON": sys.executable},
    )


def test_a_second_apply_changes_nothing(healthy: Lab) -> None:
    healthy.apply_changes_nothing()


def test_a_changed_setting_is_planned_as_its_files_and_rolled_out_in_place(
    healthy: Lab, changed: Path, keystone: Keystone
) -> None:
    changed.write_text(changed.read_text() + "\nservices:\n  haproxy: {connect_timeout: 7}\n")
    plan = json.loads(healthy.hacienda("plan", "lab", "--json").stdout)
    files = {node: set(change["files"]) for node, change in plan["members"].items()}
    assert files == {node: {"/etc/haproxy/haproxy.cfg"} for node in CONTROLLERS}
    with Client(keystone, pause=0.1) as tokens:
        assert tokens.wait_for_more(5, 20)
        healthy.hacienda("apply", "lab", "--yes")
        assert tokens.wait_for_more(10, 30)
    assert not tokens.felt.failures, tokens.felt.failures[:3]
    healthy.note("HAProxy time-out rolled out: longest token gap", tokens.felt.outage())


def test_a_quorum_member_restarts_one_at_a_time(healthy: Lab, changed: Path, writer: SqlWriter) -> None:
    changed.write_text(changed.read_text() + "\nservices:\n  galera: {max_connections: 777}\n")
    with Client(writer) as client:
        assert client.wait_for_more(20, 20)
        healthy.hacienda("apply", "lab", "--yes")
        assert client.wait_for_more(20, 60), client.felt.failures[-3:]
    assert {healthy.on(node, "mariadb", "-BNe", "SELECT @@max_connections").strip() for node in CONTROLLERS} == {"777"}
    assert set(client.felt.acknowledged) <= writer.rows()
    healthy.note("Galera restarted on all, one at a time: longest write outage", client.felt.outage())


def test_replacing_two_of_three_is_refused_and_touches_nothing(healthy: Lab) -> None:
    before = healthy.created()
    refused = healthy.terraform("controller", "apply", "-auto-approve", "-no-color", *replacing("ctl-1", "ctl-2"))
    assert refused.returncode
    assert "quorum" in refused.stderr
    assert "etcd" in refused.stderr
    assert healthy.created() == before
    assert healthy.healthy()


def test_destroying_without_the_override_is_refused_and_touches_nothing(healthy: Lab) -> None:
    before = healthy.created()
    assert healthy.terraform("controller", "destroy", "-auto-approve", "-no-color").returncode
    assert healthy.created() == before


@pytest.mark.long  # the killed apply below replaces one as well, and loses nothing either
def test_replacing_one_loses_nothing(healthy: Lab, writer: SqlWriter) -> None:
    victim = next(node for node in CONTROLLERS if node not in (*healthy.holders(), healthy.writer()))
    before = healthy.created()
    with Client(writer) as client:
        assert client.wait_for_more(20, 20)
        began = time.monotonic()
        done = healthy.terraform("controller", "apply", "-auto-approve", "-no-color", *replacing(victim))
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        took = time.monotonic() - began
        assert client.wait_for_more(20, 30), client.felt.failures[-3:]
    after = healthy.created()
    assert {node for node in CONTROLLERS if before[node] != after[node]} == {victim}
    assert set(client.felt.acknowledged) <= writer.rows()
    healthy.note("one controller replaced", took)
    healthy.note("one controller replaced: longest write outage", client.felt.outage())
    healthy.wait_until_healthy()
    healthy.apply_changes_nothing()


@pytest.mark.parametrize(
    ("number", "seconds"),
    [
        pytest.param(signal.SIGKILL, 3, marks=pytest.mark.long),
        pytest.param(signal.SIGINT, 8, marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, 14, marks=pytest.mark.long),
        (signal.SIGTERM, 20),
    ],
)
def test_a_killed_apply_ends_in_the_same_cloud_when_run_again(
    healthy: Lab, writer: SqlWriter, number: signal.Signals, seconds: int
) -> None:
    victim = CONTROLLERS[seconds % 3]
    before = healthy.created()
    with Client(writer) as client:
        assert client.wait_for_more(20, 20)
        apply = begin_to_replace(healthy, victim)
        time.sleep(seconds)
        os.killpg(apply.pid, number)
        apply.wait(timeout=120)
        began = time.monotonic()
        healthy.hacienda("apply", "lab", "--yes")
        healthy.note("replacement of one killed: apply run again", time.monotonic() - began)
        healthy.wait_until_healthy()
        assert client.wait_for_more(20, 60), client.felt.failures[-3:]
    after = healthy.created()
    assert set(after) == set(CONTROLLERS)
    assert {node for node in CONTROLLERS if before[node] != after[node]} <= {victim}, "only that one is touched"
    assert set(client.felt.acknowledged) <= writer.rows()
    healthy.note("replacement of one killed, and run again: longest write outage", client.felt.outage())
    healthy.apply_changes_nothing()


@pytest.mark.long
@pytest.mark.parametrize("seconds", [4, 12])
def test_an_apply_that_loses_the_network_ends_in_the_same_cloud_when_run_again(healthy: Lab, seconds: int) -> None:
    victim = CONTROLLERS[seconds % 3]
    apply = begin_to_replace(healthy, victim)
    time.sleep(seconds)
    with healthy.cut_off_from_here():
        time.sleep(45)
    apply.wait(timeout=900)
    healthy.hacienda("apply", "lab", "--yes")
    healthy.wait_until_healthy()
    assert set(healthy.created()) == set(CONTROLLERS)
    healthy.apply_changes_nothing()
