"""Members under real Terraform: what a plan says, and what an apply does."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from unittest import mock

import pytest

from hacienda import quorum
from hacienda.errors import UnwellError
from hacienda.provider.member import departure, installation, secret_values
from hacienda.provider.member.declaration import Declared
from hacienda.remote.node import Node
from hacienda.remote.transport import UntrustedError
from tests.provider.cloud import Cloud, short, wait_for

CONFIGURATION = "/etc/haproxy/haproxy.conf"


def test_members_are_created_and_a_second_apply_changes_nothing(cloud: Cloud) -> None:
    created = cloud.apply()
    assert created.code == 0, created.text
    assert "3 added, 0 changed, 0 destroyed" in created.text
    assert all(cloud.state()[f"hacienda_member.{name}"]["converged"] for name in cloud.members)
    again = cloud.plan("-detailed-exitcode")
    assert again.code == 0, again.text
    assert "No changes" in again.text


def test_a_changed_file_is_all_that_the_plan_shows(applied: Cloud) -> None:
    applied.members["ctl-2"].files[CONFIGURATION] = "haproxy 2\n"
    plan = applied.plan()
    assert "hacienda_member.ctl-2 will be updated in-place" in plan.text
    assert f'~ "{CONFIGURATION}"' in plan.text
    assert "(2 unchanged elements hidden)" in plan.text
    assert '+ "reload haproxy"' in plan.text
    assert "0 to add, 1 to change, 0 to destroy" in plan.text


def test_a_change_is_rolled_out_in_place(applied: Cloud) -> None:
    applied.members["ctl-2"].files[CONFIGURATION] = "haproxy 2\n"
    changed = applied.apply()
    assert "0 added, 1 changed, 0 destroyed" in changed.text
    assert len(applied.installs("ctl-2")) == 4
    assert len(applied.installs("ctl-1")) == 2
    assert applied.plan("-detailed-exitcode").code == 0


def test_a_file_that_leaves_the_bundle_still_restarts_its_service(applied: Cloud) -> None:
    del applied.members["ctl-1"].files["/etc/galera/galera.conf"]
    assert '+ "restart galera"' in applied.plan().text


def test_a_new_mode_alone_reloads_its_service_once(applied: Cloud) -> None:
    applied.members["ctl-1"].modes[CONFIGURATION] = "0600"
    plan = applied.apply()
    assert plan.code == 0 and "0 added, 1 changed, 0 destroyed" in plan.text
    assert '+ "reload haproxy"' in plan.text
    assert CONFIGURATION not in plan.text, "its text is what it was"
    applied.members["ctl-1"].files["/etc/etcd/etcd.conf"] = "etcd 2\n"
    assert applied.applied().state()["hacienda_member.ctl-1"]["restarts"] == ["restart etcd"]


def test_a_changed_secret_restarts_who_reads_it_and_shows_nowhere(applied: Cloud) -> None:
    value = applied.change_secret("database/galera")
    plan = applied.plan("-out=saved")
    assert plan.text.count('+ "restart galera"') == 3
    changed = applied.apply()
    assert changed.code == 0, changed.text
    assert (applied.machine("ctl-1") / "var/lib/hacienda/secrets/database/galera").read_text() == value
    state = (applied.folder / "terraform.tfstate").read_text()
    saved = (applied.stack / "saved").read_bytes()
    assert value not in plan.text + changed.text + state
    assert value.encode() not in saved


def test_without_the_store_secrets_are_left_as_they_are(applied: Cloud) -> None:
    applied.without_store()
    assert "No changes" in applied.plan().text
    applied.members["ctl-1"].files[CONFIGURATION] = "haproxy 2\n"
    changed = applied.apply()
    assert changed.code == 0, changed.text
    assert (applied.machine("ctl-1") / "var/lib/hacienda/secrets/database/galera").exists()


def test_an_encrypted_store_is_here_for_those_who_have_an_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, identity = tmp_path / "lab.secrets", tmp_path / "identity"
    store.touch()
    monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(identity))
    assert not secret_values.here(f"age:{store}")
    identity.touch()
    assert secret_values.here(f"age:{store}")


def test_a_new_node_cannot_be_made_without_the_store_it_needs(cloud: Cloud) -> None:
    cloud.without_store()
    refused = cloud.apply()
    assert refused.code == 1
    assert "ctl-3 is new and needs secrets, but their store is not here" in refused.flat
    assert cloud.state() == {}
    assert cloud.installs("ctl-3") == []


def test_drift_on_a_node_is_planned_away(applied: Cloud) -> None:
    status = applied.machine("ctl-3") / "var/lib/hacienda/status.json"
    healthy = applied.members["ctl-3"].files[CONFIGURATION]
    status.write_text(status.read_text().replace(short(healthy), "drifted:0badcafe").replace("true", "false"))
    plan = applied.plan()
    assert '"drifted:0badcafe" ->' in plan.text
    assert '+ "reload haproxy"' in plan.text
    assert "0 to add, 1 to change, 0 to destroy" in plan.text
    assert applied.apply().code == 0
    assert "No changes" in applied.plan().text


def test_a_blank_node_is_planned_as_new(applied: Cloud) -> None:
    shutil.rmtree(applied.machine("ctl-1"))
    applied.machine("ctl-1").mkdir()
    plan = applied.plan()
    assert "ctl-1 has nothing installed any more" in plan.flat
    assert "1 to add, 0 to change, 0 to destroy" in plan.text


def test_an_unreachable_node_is_a_warning_and_its_state_is_kept(applied: Cloud) -> None:
    applied.machine("ctl-2").rename(applied.folder / "unplugged")
    plan = applied.plan("-detailed-exitcode")
    assert plan.code == 0, plan.text
    assert "ctl-2 does not answer: its installation is unknown" in plan.flat


def test_one_of_three_is_replaced_in_good_order(applied: Cloud) -> None:
    applied.members["ctl-2"].machine = "another"
    applied.record.write_text('{"etcd": "c0ffee"}')
    replaced = applied.apply()
    assert replaced.code == 0, replaced.text
    assert "1 added, 0 changed, 1 destroyed" in replaced.text
    assert (applied.machine("ctl-2") / "leaves").read_text() == "--self\n"
    assert (applied.machine("ctl-1") / "leaves").read_text() == "--check ctl-2 etcd galera\nctl-2\n"
    assert "c0ffee" in (applied.machine("ctl-2") / "var/lib/hacienda/cluster.json").read_text()


def test_a_dead_node_leaves_through_a_surviving_peer(applied: Cloud) -> None:
    applied.members["ctl-2"].machine = "another"
    applied.machine("ctl-2").rename(applied.folder / "dead")
    applied.write()
    started = applied.start("apply", "-no-color", "-auto-approve")
    survivor = applied.machine("ctl-1") / "leaves"
    wait_for(lambda: survivor.exists() and survivor.read_text().endswith("\nctl-2\n"))
    applied.machine("ctl-2").mkdir()
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 0, output.decode()


def test_each_group_is_asked_about_where_it_is_well() -> None:
    member = mock.create_autospec(Declared, instance=True)
    member.voter = quorum.Member("ctl-2", {"etcd": 1, "galera": 1}, {})
    one, other = (mock.create_autospec(Node, instance=True) for _ in range(2))
    one.name, other.name = "ctl-1", "ctl-3"
    one.reason_to_stay.return_value = ""
    other.reason_to_stay.return_value = "galera: two of three are gone"
    witnesses = [
        departure.Witness(one, frozenset({"etcd"}), ()),
        departure.Witness(other, frozenset({"etcd", "galera"}), ()),
    ]
    with pytest.raises(UnwellError, match="ctl-2 must not leave now, says ctl-3"):
        departure._refuse_unsafe(member, witnesses)
    one.reason_to_stay.assert_called_once_with("ctl-2", ["etcd"])
    other.reason_to_stay.assert_called_once_with("ctl-2", ["galera"])


def test_a_machine_with_another_host_key_is_not_waited_for() -> None:
    stranger = mock.create_autospec(Node, instance=True)
    stranger.booted.side_effect = UntrustedError("ctl-1 does not show the SSH host key")
    with pytest.raises(UntrustedError):
        installation.reach(stranger, threading.Event(), seconds=600)
    stranger.booted.assert_called_once_with()
