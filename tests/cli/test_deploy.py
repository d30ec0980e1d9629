"""plan, apply, status and destroy with real Terraform, our provider, and machines that are folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import NODES, Project


@pytest.fixture
def changed(deployed: Project) -> Iterator[Project]:
    """A changed setting, put back afterwards; tests plan it and apply nothing."""
    before = deployed.file.read_text()
    deployed.file.write_text(before + "services:\n  haproxy: {timeout: 77}\n")
    yield deployed
    deployed.file.write_text(before)


def test_first_plan_names_the_machines_and_touches_nothing(project: Project) -> None:
    shown = project.run("plan", "small").stdout
    assert "small: 3 machines created, 0 replaced" in shown
    assert "No changes" not in shown
    assert 'resource "hacienda_member" "ctl-1"' in shown
    assert "small-controller" in shown
    assert not (project.machine("ctl-1") / "var").exists()
    assert not list((project.root / ".hacienda/small/plans").iterdir())


def test_applied_cloud_is_well(deployed: Project) -> None:
    shown = deployed.run("status", "small").stdout
    assert "etcd 3/3" in shown
    assert "192.0.2.10 on ctl-2" in shown
    assert "small is well" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["etcd", "all", "fine"] in lines, "what all say alike is told once"
    assert ["ctl-2", "holds", "192.0.2.10"] in lines


def test_second_apply_changes_nothing(deployed: Project) -> None:
    assert "No changes." in deployed.run("apply", "small", "--yes").stdout


def test_changed_setting_is_planned_as_the_files_it_changes(changed: Project) -> None:
    plan = changed.json("plan", "small")
    files = {node: set(member["files"]) for node, member in plan["members"].items()}
    assert files == {node: {"/etc/haproxy/haproxy.cfg"} for node in NODES}
    shown = changed.run("plan", "small").stdout
    assert "small: 3 machines reconfigured in place, 0 replaced" in shown
    assert "/etc/haproxy/haproxy.cfg  changed on ctl-1 ctl-2 ctl-3" in shown
    assert "reload haproxy: ctl-1 ctl-2 ctl-3" in shown


def test_rotated_secret_is_planned_by_name_alone(deployed: Project) -> None:
    deployed.run("secrets", "rotate", "small", "rabbitmq/cookie")
    plan = deployed.json("plan", "small")
    assert plan["members"]["ctl-1"]["secrets"] == ["rabbitmq/cookie"]
    assert deployed.json("apply", "small", "--yes")["seconds"] > 0


def test_apply_asks_and_takes_silence_for_no(changed: Project) -> None:
    state = changed.root / ".hacienda/small/state/small-controller.tfstate"
    before = state.read_bytes()
    refused = changed.run("apply", "small", code=2)
    assert "Add --yes" in refused.stderr
    assert state.read_bytes() == before


def test_status_says_what_is_wrong_where_and_what_to_do(deployed: Project) -> None:
    sick = deployed.machine("ctl-1") / "sick"
    sick.write_text("galera")
    hidden = deployed.machine("ctl-3").rename(deployed.root / "hidden")
    try:
        shown = deployed.run("status", "small", code=1).stdout
        told = deployed.json("status", "small", code=1)
    finally:
        sick.unlink()
        hidden.rename(deployed.machine("ctl-3"))
    assert "ctl-1: galera: stopped\n  systemctl restart galera" in shown
    assert "ctl-3: does not answer" in shown
    assert "galera 1/3" in shown
    assert told["groups"]["etcd"] == {"well": 2, "declared": 3}
    assert {"node": "ctl-1", "service": "galera", "what": "stopped", "fix": "systemctl restart galera"} in told[
        "problems"
    ]


def test_two_holders_of_a_virtual_ip_are_a_problem(deployed: Project) -> None:
    second = deployed.machine("ctl-1") / "holder"
    second.touch()
    try:
        shown = deployed.run("status", "small", code=1).stdout
    finally:
        second.unlink()
    assert "virtual IP 192.0.2.10: is held by 2 nodes, ctl-1, ctl-2" in shown


@pytest.mark.long
def test_destroyed_environment_can_be_applied_again(applied: Project, tmp_path: Path) -> None:
    project = applied.copy(tmp_path / "project")
    shown = project.run("destroy", "small", "--yes")
    assert "small destroyed in" in shown.stdout
    assert "3 machines destroyed" in shown.stderr
    assert "Nothing to destroy" in project.run("destroy", "small", "--yes").stdout
    assert "applied in" in project.run("apply", "small", "--yes").stdout


def test_losing_a_quorum_is_refused_with_the_reason(deployed: Project) -> None:
    before = deployed.file.read_text()
    deployed.file.write_text(before.replace("controller: 3", "controller: 1"))
    try:
        refused = deployed.run("plan", "small", code=4)
    finally:
        deployed.file.write_text(before)
    assert "small: REFUSED: ctl-2 and ctl-3 are deleted" in refused.stdout
    assert "only ctl-1 would remain; a majority takes 2" in refused.stdout
