"""The lab's machines, against a small Incus daemon."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.provider.cloud import Cloud
from tests.provider.direct import Direct, FailedError
from tests.provider.fake_incus import Daemon, serving

ALIAS = "hacienda/debian-13/abc"
FINGERPRINT = "f" * 64
MARK = "user.hacienda.environment"
NETWORK = ("hacienda_incus_network", "management")
IMAGE = ("hacienda_incus_image", "base")
MACHINE = ("hacienda_incus_instance", "ctl-1")


@dataclass
class Lab:
    """A stack with a network, an image and one machine."""

    stack: Direct
    incus: Daemon

    @property
    def machine(self) -> Any:
        return self.stack.config[MACHINE]

    @property
    def network(self) -> Any:
        return self.stack.config[NETWORK]

    @property
    def instance(self) -> Any:
        return self.incus.instances["ctl-1"]


@pytest.fixture
def lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "incus.socket") as incus:
        incus.aliases[ALIAS] = FINGERPRINT
        where = {"socket": f"{folder}/incus.socket", "project": "hacienda-test"}
        machine = {
            **where,
            "name": "ctl-1",
            "image": ALIAS,
            "user_data": "#cloud-config\n",
            "network_config": "version: 2\n",
            "networks": {"eth0": "hac-test"},
            "pool": "fast",
            "cpus": 2,
            "memory": 1 << 30,
            "size": 20 << 30,
            "config": {"security.nesting": "true"},
            "devices": {"tun": {"type": "unix-char", "path": "/dev/net/tun"}},
        }
        config: dict[tuple[str, str], dict[str, Any]] = {
            NETWORK: {**where, "name": "hac-test", "address": "10.9.0.1/24"},
            IMAGE: {**where, "alias": ALIAS},
            MACHINE: machine,
        }
        yield Lab(Direct({"environment": "test"}, config), incus)


def test_machines_are_made_and_started_once(lab: Lab) -> None:
    assert set(lab.stack.apply().values()) == {"created"}
    assert lab.incus.projects["hacienda-test"]["features.networks"] == "false"
    assert lab.incus.networks["hac-test"]["config"]["ipv4.address"] == "10.9.0.1/24"
    assert lab.incus.networks["hac-test"]["config"]["ipv4.dhcp"] == "false"
    instance = lab.instance
    assert instance["status"] == "Running"
    assert instance["config"]["cloud-init.user-data"] == "#cloud-config\n"
    assert instance["config"]["limits.memory"] == str(1 << 30)
    assert instance["devices"]["eth0"]["parent"] == "hac-test"
    assert instance["devices"]["root"] == {"type": "disk", "path": "/", "pool": "fast", "size": str(20 << 30)}
    assert instance["devices"]["tun"]["path"] == "/dev/net/tun"
    assert lab.stack.apply() == {}


def test_what_a_killed_terraform_made_is_adopted(lab: Lab) -> None:
    lab.stack.apply()
    lab.stack.states.clear()
    lab.instance["status"] = "Stopped"
    identity = lab.instance["config"]["volatile.uuid"]
    lab.stack.apply()
    assert lab.instance["status"] == "Running"
    assert lab.stack.states[MACHINE]["id"] == identity


def test_a_left_over_machine_of_another_first_boot_is_not_adopted(lab: Lab) -> None:
    lab.stack.apply()
    lab.stack.states.clear()
    lab.machine["user_data"] = "#cloud-config\npackages: []\n"
    with pytest.raises(FailedError, match="ctl-1 exists from an earlier run, with another user_data") as failed:
        lab.stack.apply()
    assert "incus delete --force --project hacienda-test ctl-1" in str(failed.value)


def test_a_left_over_machine_that_does_not_say_what_it_was_made_of_is_not_adopted(lab: Lab) -> None:
    lab.stack.apply()
    lab.stack.states.clear()
    del lab.instance["config"]["user.hacienda.made-of"]
    with pytest.raises(FailedError, match="ctl-1 exists from an earlier run, with another "):
        lab.stack.apply()


def test_what_is_not_ours_is_never_touched(lab: Lab) -> None:
    lab.incus.networks["hac-test"] = {"config": {}, "description": ""}
    with pytest.raises(FailedError, match="network hac-test exists and was not made by Hacienda"):
        lab.stack.apply()
    lab.incus.networks["hac-test"]["config"][MARK] = "production"
    with pytest.raises(FailedError, match="belongs to environment production"):
        lab.stack.apply()
    assert lab.incus.networks["hac-test"]["config"] == {MARK: "production"}


def test_a_stopped_machine_is_started(lab: Lab) -> None:
    lab.stack.apply()
    lab.instance["status"] = "Stopped"
    assert lab.stack.apply() == {MACHINE: "updated"}
    assert lab.instance["status"] == "Running"


def test_settings_change_in_place(lab: Lab) -> None:
    lab.stack.apply()
    identity = lab.stack.states[MACHINE]["id"]
    lab.machine.update(memory=2 << 30, size=30 << 30, devices={})
    lab.network["mtu"] = 9000
    assert lab.stack.apply() == {NETWORK: "updated", MACHINE: "updated"}
    assert lab.instance["config"]["limits.memory"] == str(2 << 30)
    assert lab.instance["devices"]["root"]["size"] == str(30 << 30)
    assert lab.instance["config"]["volatile.uuid"] == identity
    assert lab.instance["config"]["cloud-init.user-data"] == "#cloud-config\n"
    assert "tun" not in lab.instance["devices"]
    assert lab.incus.networks["hac-test"]["config"]["bridge.mtu"] == "9000"
    assert lab.stack.apply() == {}


@pytest.mark.parametrize("key", ["limits.memory", "security.nesting"])
def test_drift_of_a_setting_is_mended(lab: Lab, key: str) -> None:
    lab.stack.apply()
    lab.instance["config"][key] = "1"
    assert lab.stack.apply() == {MACHINE: "updated"}
    assert lab.instance["config"][key] != "1"


@pytest.mark.parametrize("size", [20 << 30, None])
def test_drift_of_the_root_disk_is_mended(lab: Lab, size: int | None) -> None:
    lab.machine["size"] = size
    lab.stack.apply()
    declared = dict(lab.instance["devices"]["root"])
    assert declared.get("size") == (str(size) if size else None)
    lab.instance["devices"]["root"] = {**declared, "size": str(1 << 30)}
    assert lab.stack.apply() == {MACHINE: "updated"}
    assert lab.instance["devices"]["root"] == declared
    assert lab.stack.apply() == {}


def test_a_root_disk_of_a_size_needs_a_pool(lab: Lab) -> None:
    del lab.machine["pool"]
    with pytest.raises(FailedError, match="ctl-1: a root disk of a size needs a pool"):
        lab.stack.apply()


def test_a_first_boot_that_would_be_another_replaces_no_machine(lab: Lab) -> None:
    lab.stack.apply()
    lab.machine["user_data"] = "#cloud-config\npackages: []\n"
    assert lab.stack.apply() == {MACHINE: "updated"}
    assert lab.stack.states[MACHINE]["outdated"] == ["user_data"]
    assert lab.instance["config"]["cloud-init.user-data"] == "#cloud-config\n"
    assert lab.stack.apply() == {}


def test_user_data_that_is_not_known_here_stays_as_it_is(lab: Lab) -> None:
    known = lab.machine.pop("user_data")
    with pytest.raises(FailedError, match="ctl-1 is new, and its user-data is not known here"):
        lab.stack.apply()
    assert lab.incus.instances == {}
    lab.machine["user_data"] = known
    lab.stack.apply()
    del lab.machine["user_data"]
    assert lab.stack.apply() == {}
    assert lab.stack.states[MACHINE]["user_data"] == known


def test_another_name_is_another_machine(lab: Lab) -> None:
    lab.stack.apply()
    lab.machine["name"] = "ctl-9"
    assert lab.stack.apply() == {MACHINE: "replaced"}
    assert list(lab.incus.instances) == ["ctl-9"]


def test_the_alias_is_looked_up_again(lab: Lab) -> None:
    lab.stack.apply()
    lab.incus.aliases[ALIAS] = "e" * 64
    lab.stack.apply()
    assert lab.stack.states[IMAGE]["fingerprint"] == "e" * 64


def test_a_machine_that_disappeared_is_made_anew(lab: Lab) -> None:
    lab.stack.apply()
    lab.incus.instances.clear()
    assert lab.stack.apply() == {MACHINE: "created"}


def test_a_missing_image_says_how_to_build_it(lab: Lab) -> None:
    lab.incus.aliases.clear()
    with pytest.raises(FailedError, match=f"Incus has no image {ALIAS}\nBuild it first: hacienda lab image"):
        lab.stack.apply()


def test_removing_leaves_nothing_of_ours_and_nothing_else_changes(lab: Lab) -> None:
    lab.stack.apply()
    lab.stack.config.clear()
    assert set(lab.stack.apply().values()) == {"deleted"}
    assert lab.incus.networks == lab.incus.instances == {}
    assert lab.incus.aliases == {ALIAS: FINGERPRINT}


def test_a_daemon_that_does_not_run_is_said_so(lab: Lab) -> None:
    for resource in lab.stack.config.values():
        resource["socket"] = "/nowhere/incus.socket"
    with pytest.raises(FailedError, match="Incus does not answer on /nowhere/incus"):
        lab.stack.apply()


@pytest.mark.parametrize("key, name", [(MACHINE, "Ctl_1"), (NETWORK, "a-much-too-long-name")])
def test_names_that_cannot_be_are_refused(lab: Lab, key: tuple[str, str], name: str) -> None:
    lab.stack.config[key]["name"] = name
    with pytest.raises(FailedError, match=f"'{name}' is no"):
        lab.stack.apply()


def test_terraform_itself_agrees(lab: Lab, cloud: Cloud) -> None:
    lab.machine["image"] = "${hacienda_incus_image.base.fingerprint}"
    cloud.members.clear()
    for (kind, name), config in lab.stack.config.items():
        cloud.more.setdefault(kind, {})[name] = config
    assert "3 added, 0 changed, 0 destroyed" in cloud.apply().text
    lab.incus.aliases[ALIAS] = "e" * 64
    plan = cloud.plan()
    assert "0 to add, 1 to change, 0 to destroy" in plan.text
    assert '+ "image"' in plan.text
    cloud.applied()
    lab.machine["size"] = 40 << 30
    assert "~ size" in cloud.plan().text
    cloud.applied()
    assert "No changes" in cloud.plan().text
    assert "1 added, 0 changed, 1 destroyed" in cloud.apply("-replace=hacienda_incus_instance.ctl-1").text
    assert cloud.state()["hacienda_incus_instance.ctl-1"]["outdated"] == []
    assert "3 destroyed" in cloud.terraform("destroy", "-no-color", "-auto-approve").text
