"""Names of a node's interfaces: what cloud-init configures is what services name."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from hacienda.cloud import interfaces
from hacienda.cloudinit import networkconfig
from tests.services import composed

COUNTED = """
name: counted
platform: {platform}
networks:
  management: {{cidr: 10.77.0.0/24, vip: 10.77.0.10}}
  tenant: {{cidr: 10.79.0.0/24}}
  external: {{cidr: 10.76.0.0/24, gateway: 10.76.0.1, roles: [network]}}
machines:
  controller: 3
  network: 2
"""
TAGGED = """
name: tagged
platform: {type: existing}
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10, bond: {mode: 802.3ad, nics: [eno1, eno2]}}
  tenant: {cidr: 10.79.0.0/24, vlan: 20, bond: {mode: 802.3ad, nics: [eno1, eno2]}}
  external: {cidr: 10.76.0.0/24, vlan: 30, nic: eno3, roles: [network]}
machines:
  controller: 3
  network: {count: 2, cards: {eno3: ens7}}
"""


@pytest.mark.parametrize(
    ("text", "node", "names"),
    [
        (COUNTED.format(platform="incus"), "ctl-1", {"management": "eth0", "tenant": "eth1"}),
        (COUNTED.format(platform="incus"), "net-1", {"management": "eth0", "tenant": "eth1", "external": "eth2"}),
        (TAGGED, "net-2", {"management": "bond0", "tenant": "vlan20", "external": "vlan30"}),
    ],
)
def test_each_network_has_an_interface(tmp_path: Path, text: str, node: str, names: dict[str, str]) -> None:
    cloud = composed.cloud(tmp_path, text)
    assert interfaces.names(cloud, cloud.node(node)) == names


@pytest.mark.parametrize("text", [COUNTED.format(platform="incus"), TAGGED])
def test_cloud_init_makes_all_of_them_and_no_others(tmp_path: Path, text: str) -> None:
    cloud = composed.cloud(tmp_path, text)
    for node in cloud.nodes:
        made = YAML(typ="safe").load(networkconfig.network_config(cloud, node))
        links = {**made.get("ethernets", {}), **made.get("bonds", {}), **made.get("vlans", {})}
        assert set(interfaces.names(cloud, node).values()) <= links.keys()
        assert set(interfaces.carriers(cloud, node).values()) <= links.keys()
