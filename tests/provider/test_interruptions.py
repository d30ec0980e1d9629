"""Whatever ends an apply in the middle: the next one ends in the same state."""

from __future__ import annotations

import os
import signal
import subprocess

from tests.provider.cloud import Cloud, wait_for

SLOW = 'turn=0; while [ ! -e "$HACIENDA_ROOT/go" ] && [ $turn -lt 300 ]; do sleep 0.1; turn=$((turn+1)); done\n'
APPLY = ("apply", "-no-color", "-auto-approve")


def begin(cloud: Cloud) -> subprocess.Popen[bytes]:
    """An apply that stands in the middle of installing all three nodes."""
    for name in cloud.members:
        (cloud.machine(name) / "behaviour").write_text(SLOW)
    started = cloud.start(*APPLY)
    wait_for(lambda: all(cloud.installs(name) for name in cloud.members))
    return started


def go_on(cloud: Cloud) -> None:
    for name in cloud.members:
        (cloud.machine(name) / "behaviour").unlink()
        (cloud.machine(name) / "go").touch()


def test_an_interrupt_in_the_middle_of_creations_loses_nothing(cloud: Cloud) -> None:
    started = begin(cloud)
    os.killpg(started.pid, signal.SIGINT)
    output, _ = started.communicate(timeout=60)
    assert len(cloud.state()) == 3, output.decode()
    assert "tainted" not in (cloud.folder / "terraform.tfstate").read_text()
    assert b"this apply was interrupted; the node continues by itself" in b" ".join(
        output.replace("│".encode(), b"").split()
    )
    go_on(cloud)
    again = cloud.apply()
    assert again.code == 0, again.text
    assert "0 added" in again.text
    assert "0 destroyed" in again.text
    assert "No changes" in cloud.plan().text


def test_what_a_killed_terraform_was_creating_is_adopted(cloud: Cloud) -> None:
    started = begin(cloud)
    os.killpg(started.pid, signal.SIGKILL)
    started.communicate(timeout=60)
    go_on(cloud)
    again = cloud.apply()
    assert again.code == 0, again.text
    assert "3 added, 0 changed, 0 destroyed" in again.text
    assert "No changes" in cloud.plan().text


def test_a_machine_that_comes_up_late_is_waited_for(cloud: Cloud) -> None:
    late = cloud.machine("ctl-3")
    late.rmdir()
    started = cloud.start(*APPLY)
    wait_for(lambda: len(cloud.installs("ctl-1")) == 2)
    late.mkdir()
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 0, output.decode()


def test_an_interrupt_while_waiting_for_a_machine_creates_nothing(cloud: Cloud) -> None:
    cloud.machine("ctl-3").rmdir()
    started = cloud.start(*APPLY)
    wait_for(lambda: cloud.progress.exists() and '"waiting"' in cloud.progress.read_text())
    os.killpg(started.pid, signal.SIGINT)
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 1
    assert b"ctl-3: interrupted before anything was delivered" in output
    assert "hacienda_member.ctl-3" not in cloud.state()


def test_what_did_not_converge_is_no_failure_and_is_repaired_in_place(cloud: Cloud) -> None:
    (cloud.machine("ctl-2") / "behaviour").write_text("echo 'no space left on device' >&2; exit 3\n")
    first = cloud.apply()
    assert first.code == 0, first.text
    assert "ctl-2 has its configuration, but did not converge" in first.flat
    assert "no space left on device" in first.flat
    assert cloud.state()["hacienda_member.ctl-2"]["converged"] is False
    (cloud.machine("ctl-2") / "behaviour").unlink()
    repaired = cloud.apply()
    assert "hacienda_member.ctl-1" not in cloud.plan().text.partition("Terraform will perform")[2]
    assert repaired.code == 0, repaired.text
    assert cloud.state()["hacienda_member.ctl-2"]["converged"] is True


def test_a_bundle_that_the_node_refuses_leaves_it_as_it_was(cloud: Cloud) -> None:
    (cloud.machine("ctl-2") / "behaviour").write_text("echo 'hash of /etc/x differs' >&2; exit 2\n")
    first = cloud.apply()
    assert first.code == 1
    assert "ctl-2 refused the bundle; nothing was changed" in first.flat
    assert "hacienda_member.ctl-2" not in cloud.state()


def test_a_node_that_answers_nonsense_is_repaired(applied: Cloud) -> None:
    (applied.machine("ctl-2") / "usr/lib/hacienda/hacienda-apply").write_text("#!/bin/sh\necho gibberish\n")
    plan = applied.plan()
    assert "ctl-2 gave an unreadable answer" in plan.flat
