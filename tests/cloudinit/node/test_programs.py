"""hacienda-verify, hacienda-leave, hacienda-cluster."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from hacienda.cloudinit.node import scripts
from tests.cloudinit.conftest import Machine


@pytest.fixture
def node(node: Machine) -> Machine:
    """ctl-1, installed and converged."""
    for path in (node.state / "pending").iterdir():
        path.unlink()
    return node


def verify(machine: Machine, *services: str) -> tuple[int, Any]:
    answer = machine.run("hacienda-verify", "--json", *services)
    return answer.returncode, json.loads(answer.stdout)


def test_every_service_in_start_order(node: Machine) -> None:
    code, found = verify(node)
    assert code == 0
    assert found[1] == {"service": "beta", "ok": True, "detail": "all is well with beta", "fix": ""}
    assert [one["service"] for one in found] == ["alpha", "beta", "gamma"]


def test_what_is_wrong_and_what_to_do(node: Machine) -> None:
    (node.state / "test-beta").write_text("2 of 3 members|start the third one")
    code, found = verify(node, "beta", "delta")
    assert code == 1
    assert found == [{"service": "beta", "ok": False, "detail": "2 of 3 members", "fix": "start the third one"}]


@pytest.mark.parametrize(("options", "told"), [((), "nothing"), (("--local",), "--local")])
def test_absent_members_may_be_no_fault_of_this_nodes(node: Machine, options: tuple[str, ...], told: str) -> None:
    script = node.root / "usr/lib/hacienda/beta/verify.sh"
    script.write_text('#!/bin/bash\necho "asked with ${1:-nothing}"\n')
    _, found = verify(node, *options, "beta")
    assert found[0]["detail"] == f"asked with {told}"


@pytest.mark.parametrize(
    "state", ["activating start success", "activating auto-restart exit-code", "inactive dead success"]
)
def test_working_oneshot_is_still_converging(node: Machine, state: str) -> None:
    (node.stubs / "units/hacienda-beta.service").write_text(f"{state} disabled\n")
    _, found = verify(node, "beta")
    assert (found[0]["ok"], found[0]["detail"]) == (False, "still converging: waiting for ctl-2 to found beta")


def test_owed_restart_is_still_converging(node: Machine) -> None:
    (node.state / "taken").mkdir()
    (node.state / "taken/beta").write_text("restart\n")
    _, found = verify(node, "beta")
    assert found[0]["detail"] == "still converging, needs a restart: waiting for ctl-2 to found beta"


def test_script_that_hangs_is_cut_off_with_all_it_started(node: Machine) -> None:
    script = node.root / "usr/lib/hacienda/beta/verify.sh"
    script.write_text("#!/bin/bash\nsleep 60 &\nwait\n")
    began = time.monotonic()
    _, found = verify(node)
    assert time.monotonic() - began < 30
    detail, *_ = found[1]["detail"].split(";")
    assert (found[1]["ok"], detail) == (False, "no answer within 4 s")
    assert found[0]["ok"]


def test_a_busy_machine_is_named_as_such() -> None:
    assert scripts.busy(3.9, 2) == ""
    assert scripts.busy(13.4, 2) == "; the machine is busy, load 13 on 2 cores"


def test_people_read_words(node: Machine) -> None:
    (node.state / "test-beta").write_text("2 of 3 members|start the third one")
    answer = node.run("hacienda-verify", "beta", "delta")
    assert answer.stdout == "FAIL  beta: 2 of 3 members\n      start the third one\n"
    assert answer.stderr == "delta does not run on this node\n"


def test_a_name_that_is_not_here_is_not_well(node: Machine) -> None:
    assert verify(node, "beta", "delta")[0] == 1
    assert verify(node, "delta") == (1, [])
    for arguments in (("--check", "ctl-3", "delta"), ("ctl-3", "beta", "delta")):
        answer = node.run("hacienda-leave", *arguments)
        assert (answer.returncode, answer.stdout.splitlines()[0]) == (1, "FAIL  delta: does not run on this node")
    assert not (node.state / "test-left").exists()
    answer = node.run("hacienda-assumptions", "delta")
    assert (answer.returncode, answer.stdout.partition("|")[0]) == (1, "there are no known assumptions of delta")
    assert node.run("hacienda-assumptions", "beta").returncode == 0


def test_a_node_with_nothing_installed_is_not_well(node: Machine) -> None:
    (node.state / "manifest.json").unlink()
    answer = node.run("hacienda-verify", "--json")
    assert (answer.returncode, json.loads(answer.stdout)) == (1, [])
    assert answer.stderr == "nothing is installed on this node\n"


def test_leaving_runs_the_scripts_and_releases_what_the_node_held(node: Machine) -> None:
    node.put("/hacienda/rolling/beta", "ctl-3")
    answer = node.run("hacienda-leave", "ctl-3")
    assert answer.returncode == 0, answer.stdout
    assert (node.state / "test-left").read_text() == "ctl-3\n"
    assert node.etcd() == {}


def test_leaving_without_etcd_is_a_failure_that_can_be_repeated(node: Machine) -> None:
    (node.stubs / "no-etcd").touch()
    answer = node.run("hacienda-leave", "--json", "ctl-3")
    assert answer.returncode == 1
    assert [one["ok"] for one in json.loads(answer.stdout)] == [False, True]


def test_check_touches_nothing(node: Machine) -> None:
    assert node.run("hacienda-leave", "--check", "ctl-3").returncode == 0
    answer = node.run("hacienda-leave", "--check", "--json", "ctl-9", "alpha")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)[0]["fix"] == "repair another one first"
    assert not (node.state / "test-left").exists()


def test_a_drain_says_whether_it_is_at_work_done_or_refused(node: Machine) -> None:
    def outcome(mode: str, name: str) -> tuple[int, Any]:
        answer = node.run("hacienda-leave", mode, "--json", name, "alpha")
        (said,) = json.loads(answer.stdout)
        return answer.returncode, said

    working = {"service": "alpha", "ok": False, "detail": "2 parts still move", "fix": "", "working": True}
    done = {"service": "alpha", "ok": True, "detail": "nothing is left", "fix": ""}
    assert outcome("--drain", "ctl-3") == (1, working)
    assert outcome("--drain", "ctl-3") == (0, done)
    assert outcome("--stay", "ctl-3")[0] == 0
    assert outcome("--drain", "ctl-3") == (1, working)
    code, refused = outcome("--drain", "ctl-9")
    assert (code, refused["fix"], "working" in refused) == (1, "add a machine first", False)
    assert not (node.state / "test-left").exists(), "nothing has left yet"


def test_leaving_oneself_stops_in_reverse_order_for_good(node: Machine) -> None:
    assert node.run("hacienda-leave", "--self").returncode == 0
    assert [call for call in node.calls() if call.startswith("systemctl")] == [
        "systemctl disable --quiet hacienda.target",
        "systemctl stop hacienda-gamma.service",
        "systemctl stop hacienda-beta.service beta.service beta-helper.service",
        "systemctl stop hacienda-alpha.service alpha.service",
    ]


def test_cluster_is_told_and_recorded(node: Machine) -> None:
    record = {"etcd": "15118495548433857066"}
    assert json.loads(node.run("hacienda-cluster").stdout) == record
    assert node.status()["cluster"] == {}
    assert json.loads(node.run("hacienda-cluster", "record").stdout) == record
    assert node.status()["cluster"] == record
    assert node.run("hacienda-cluster", "record").returncode == 0


def test_another_cluster_is_never_recorded_over_the_first(node: Machine) -> None:
    (node.state / "cluster.json").write_text('{"etcd": "1"}')
    answer = node.run("hacienda-cluster", "record")
    assert answer.returncode == 1
    assert "never merge the two" in answer.stderr
    assert node.status()["cluster"] == {"etcd": "1"}


def test_cluster_without_quorum_is_not_told(node: Machine) -> None:
    (node.stubs / "no-etcd").touch()
    answer = node.run("hacienda-cluster")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "etcd does not answer" in answer.stderr
