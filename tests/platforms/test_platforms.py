"""Platforms: plain data, made from what an environment file says."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from hacienda.cloud import Network, Node, model
from hacienda.environment.platform import Existing as ExistingSpec
from hacienda.environment.platform import Incus as IncusSpec
from hacienda.platforms import PLATFORMS, Existing, FirstBoot, Incus, platform_of

NODE = Node(
    "ctl-1",
    "controller",
    1,
    {"management": IPv4Address("10.77.0.11")},
    ("etcd",),
    "10.77.0.11",
    cpus=2,
    disks={"system": 5},
)
BOOT = FirstBoot("#cloud-config\n", "version: 2\n")


def network(name: str) -> Network:
    block = IPv4Network("10.77.0.0/24")
    return Network(name, block, frozenset({"management"}), (block[1], block[-2]))


def test_every_declared_type_has_a_platform() -> None:
    assert set(PLATFORMS) == {spec.model_fields["type"].default for spec in (IncusSpec, ExistingSpec)}


def test_options_that_are_left_out_have_the_platforms_defaults() -> None:
    declared = model.Platform("incus", True, {**IncusSpec().model_dump(exclude={"type"}), "project": "hacienda-lab"})
    assert platform_of(declared, str) == Incus(project="hacienda-lab")


def test_settings_are_what_an_environment_file_takes() -> None:
    incus = Incus(project="hacienda-x", socket="/s", image="i", pool="p")
    assert IncusSpec.model_validate(incus.settings()).model_dump() == incus.settings()
    existing = Existing(known_hosts="/k", containers=True)
    assert ExistingSpec.model_validate(existing.settings()).model_dump() == existing.settings()


def test_relative_files_of_an_environment_are_found_from_a_stack() -> None:
    declared = model.Platform("existing", False, {"known_hosts": "environments/known_hosts"})
    platform = platform_of(declared, lambda path: f"../../../{path}")
    assert platform.trust == "known_hosts:../../../environments/known_hosts"


def test_an_incus_machine_is_an_instance_with_its_networks_in_order() -> None:
    networks = [network("management"), network("data"), network("public")]
    handle = Incus(project="hacienda-lab").machine(NODE, networks, BOOT)
    (instance,) = handle.declarations
    assert instance.terraform_address == "hacienda_incus_instance.ctl-1"
    attributes = instance.attributes()
    assert attributes["networks"] == {
        "eth0": "lab-management",
        "eth1": "lab-data",
        "eth2": "lab-public",
    }
    assert (attributes["cpus"], attributes["size"]) == (2, 5)
    assert "memory" not in attributes
    assert handle.machine_id == "${hacienda_incus_instance.ctl-1.id}"


def test_trust_of_incus_names_socket_and_project() -> None:
    assert Incus(project="hacienda-lab", socket="/s").trust == "incus:/s?project=hacienda-lab"


def test_an_existing_machine_is_itself() -> None:
    handle = Existing().machine(NODE, [network("management")], BOOT)
    assert (handle.machine_id, handle.host, handle.declarations) == ("ctl-1", "10.77.0.11", ())


@pytest.mark.parametrize("name", ["lab", "a-rather-long-environment"])
def test_bridge_names_fit_an_interface(name: str) -> None:
    assert len(Incus(project=f"hacienda-{name}").bridge("management")) <= 15


def test_a_container_gets_the_devices_that_its_services_need() -> None:
    incus = Incus(project="hacienda-lab")
    node = replace(NODE, devices=("/dev/net/tun",), nesting=True)
    made = incus.machine(node, [network("management")], BOOT).declarations[0].attributes()
    assert made["devices"] == {
        "net-tun": {"type": "unix-char", "source": "/dev/net/tun", "path": "/dev/net/tun", "mode": "0666"}
    }
    assert made["config"] == {"security.nesting": "true"}
    plain = incus.machine(NODE, [network("management")], BOOT).declarations[0].attributes()
    assert not {"devices", "config"} & plain.keys()
