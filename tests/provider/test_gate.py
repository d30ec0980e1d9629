"""Gates under real Terraform."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from hacienda.provider import composition
from hacienda.provider.framework import values
from hacienda.provider.protocol import tfplugin6_pb2 as wire
from tests.provider.cloud import Cloud, wait_for

APPLY = ("apply", "-no-color", "-auto-approve")


def unwell(cloud: Cloud, node: str) -> None:
    said = {"service": "galera", "ok": False, "detail": "wsrep is not ready", "fix": "look at ctl-1"}
    etcd = {"service": "etcd", "ok": True, "detail": "fine", "fix": ""}
    (cloud.machine(node) / "verify.json").write_text(json.dumps([etcd, said]))


@pytest.fixture
def gated(applied: Cloud) -> Cloud:
    gate: dict[str, Any] = {
        "name": "controllers",
        "members": {name: {"host": "192.0.2.1", "port": 22} for name in applied.members},
        "user": "root",
        "trust": "known_hosts:/dev/null",
        "services": ["etcd", "galera"],
        "triggers": {"ctl-1": "1"},
        "timeout": 0,
    }
    applied.more["hacienda_gate"] = {"controllers": gate}
    return applied


def test_a_gate_opens_when_all_is_well_and_records_the_cluster(gated: Cloud) -> None:
    gated.applied()
    assert json.loads(gated.record.read_text()) == {"etcd": "c0ffee"}
    for name in gated.members:
        assert "c0ffee" in (gated.machine(name) / "var/lib/hacienda/cluster.json").read_text()
    assert "No changes" in gated.plan().text


def test_a_state_from_before_its_services_were_called_so_plans_no_change(gated: Cloud) -> None:
    gated.applied()
    path = gated.folder / "terraform.tfstate"
    state = json.loads(path.read_text())
    for resource in state["resources"]:
        if resource["type"] == "hacienda_gate":
            (instance,) = resource["instances"]
            assert instance["schema_version"] == 1
            instance["schema_version"] = 0
            instance["attributes"]["promises"] = instance["attributes"].pop("services")
    path.write_text(json.dumps(state))
    assert "No changes" in gated.plan().text


@pytest.mark.parametrize("promises", [["etcd", "galera"], [], None])
def test_what_an_old_state_promised_is_read_as_services(promises: list[str] | None) -> None:
    old = {"name": "controllers", "promises": promises, "triggers": {"ctl-1": "1"}}
    request = wire.UpgradeResourceState.Request(
        type_name="hacienda_gate", version=0, raw_state=wire.RawState(json=json.dumps(old).encode())
    )
    answer = composition.provider().UpgradeResourceState(request)
    assert not answer.diagnostics
    state = values.decode(answer.upgraded_state)
    assert state["services"] == promises and "promises" not in state
    assert state["triggers"] == {"ctl-1": "1"}


def test_a_node_that_has_nothing_installed_keeps_the_gate_closed(gated: Cloud) -> None:
    """Its first installation failed: its programs are there, and know of no service."""
    (gated.machine("ctl-2") / "verify.json").write_text("[]")
    status = gated.machine("ctl-2") / "var/lib/hacienda/status.json"
    whole = status.read_text()
    status.write_text(json.dumps({"bundle_hash": None, "error": "apt-get install: E: no space"}))
    gated.write()
    answer = gated.terraform("apply", "-no-color", "-auto-approve", "-refresh=false")
    assert answer.code == 1
    assert "ctl-2: nothing is installed on ctl-2: apt-get install: E: no space" in answer.flat
    status.write_text(whole)
    assert gated.terraform("apply", "-no-color", "-auto-approve", "-refresh=false").code == 0


def test_a_closed_gate_says_what_is_wrong_where_and_since_when(gated: Cloud) -> None:
    unwell(gated, "ctl-2")
    journal = gated.machine("ctl-2") / "journal"
    journal.mkdir()
    (journal / "hacienda-galera.service").write_text("WSREP: no nodes coming from primary view\n")
    answer = gated.apply()
    assert answer.code == 1
    assert "controllers is not healthy after 0 s" in answer.flat
    assert "ctl-2: galera: wsrep is not ready look at ctl-1" in answer.flat
    assert "| WSREP: no nodes coming from primary view" in answer.flat
    assert not gated.record.exists()
    (gated.machine("ctl-2") / "verify.json").unlink()
    assert gated.applied().record.exists()


def test_a_gate_that_failed_to_open_again_is_tried_again(gated: Cloud) -> None:
    gated.applied()
    gate = gated.more["hacienda_gate"]["controllers"]
    gate["triggers"] = {"ctl-1": "2"}
    unwell(gated, "ctl-3")
    assert gated.apply().code == 1
    assert '+ "ctl-1" = "2"' in gated.plan().text
    (gated.machine("ctl-3") / "verify.json").unlink()
    gated.applied()
    assert "No changes" in gated.plan().text


@pytest.mark.long
def test_a_gate_waits_again_for_a_member_made_anew_with_the_same_bundle(gated: Cloud) -> None:
    gate = gated.more["hacienda_gate"]["controllers"]
    gate["triggers"] = {"ctl-1": "${hacienda_member.ctl-1.installed}"}
    gated.applied()
    unwell(gated, "ctl-1")
    assert gated.apply("-replace=hacienda_member.ctl-1").code == 1
    answer = gated.apply()
    assert answer.code == 1, "it failed once and must not pass unseen"
    assert "controllers is not healthy" in answer.flat
    (gated.machine("ctl-1") / "verify.json").unlink()
    gated.applied()
    assert "No changes" in gated.plan().text


def test_a_gate_waits(gated: Cloud) -> None:
    unwell(gated, "ctl-1")
    gated.machine("ctl-3").rename(gated.folder / "unplugged")
    gated.more["hacienda_gate"]["controllers"]["timeout"] = 60
    gated.write()
    started = gated.start(*APPLY, "-refresh=false")
    wait_for(lambda: "ctl-1 galera, ctl-3 is silent" in gated.progress.read_text())
    (gated.folder / "unplugged").rename(gated.machine("ctl-3"))
    (gated.machine("ctl-1") / "verify.json").unlink()
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 0, output.decode()
    assert '"healthy"' in gated.progress.read_text()


def test_an_interrupted_gate_ends_at_once(gated: Cloud) -> None:
    unwell(gated, "ctl-1")
    gated.more["hacienda_gate"]["controllers"]["timeout"] = 600
    gated.write()
    started = gated.start(*APPLY)
    wait_for(lambda: '"unwell"' in gated.progress.read_text())
    os.killpg(started.pid, signal.SIGINT)
    output, _ = started.communicate(timeout=30)
    assert b"controllers: interrupted while it was not healthy" in output


def test_a_promise_that_nobody_keeps_closes_the_gate(gated: Cloud) -> None:
    for name in gated.members:
        (gated.machine(name) / "verify.json").write_text('[{"service": "etcd", "ok": true}]')
    assert "galera: no node runs it" in gated.apply().flat


def test_two_clusters_of_one_name_close_the_gate(gated: Cloud) -> None:
    (gated.machine("ctl-3") / "cluster-id").write_text("badcafe")
    answer = gated.apply()
    assert "etcd is split: ctl-3 is in cluster badcafe, others in c0ffee" in answer.flat
    assert not gated.record.exists()


def test_another_cluster_than_the_recorded_one_closes_the_gate(gated: Cloud) -> None:
    gated.record.write_text('{"etcd": "older"}')
    assert "the nodes form cluster c0ffee, but ../cluster.json records older" in gated.apply().flat


def test_to_lose_a_gate_harms_nothing(gated: Cloud) -> None:
    gated.applied().more.clear()
    removed = gated.apply()
    assert removed.code == 0, removed.text
    assert "0 added, 0 changed, 1 destroyed" in removed.text
    assert gated.record.exists()
