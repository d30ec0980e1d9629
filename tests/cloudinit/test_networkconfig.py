"""Network configuration: static addresses on the NICs the platform attaches."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from ruamel.yaml import YAML

from hacienda.cloud.model import Bond, Network
from hacienda.cloudinit import networkconfig
from hacienda.environment.network import Purpose
from tests.cloud import samples
from tests.cloudinit import sample


def network(name: str, third: int, purpose: Purpose, **more: Any) -> Network:
    cidr = IPv4Network(f"10.9.{third}.0/24")
    return Network(name, cidr, frozenset({purpose}), (cidr[10], cidr[250]), **more)


def config(*networks: Network, **changes: Any) -> Any:
    """ctl-1's configuration when it is on all of these networks, with address .11."""
    cloud = sample.cloud()
    addresses = {each.name: IPv4Address(int(each.cidr.network_address) + 11) for each in networks}
    node = replace(cloud.nodes[0], addresses=addresses)
    text = sample.render(networks=networks, nodes=(node, *cloud.nodes[1:]), **changes).network_config
    return YAML(typ="safe").load(text)


MANAGEMENT = network("management", 0, "management", gateway=IPv4Address("10.9.0.1"))


def test_one_network_one_nic_with_route_and_name_servers() -> None:
    assert config(MANAGEMENT, name_servers=("10.9.0.1", "10.9.0.2")) == {
        "version": 2,
        "ethernets": {
            "eth0": {
                "match": {"name": "eth0"},
                "mtu": 1500,
                "dhcp4": False,
                "addresses": ["10.9.0.11/24"],
                # cloud-init's networkd renderer refuses `to: default`.
                "routes": [{"to": "0.0.0.0/0", "via": "10.9.0.1"}],
                "nameservers": {"addresses": ["10.9.0.1", "10.9.0.2"]},
            }
        },
    }


def test_nics_are_counted_in_the_order_of_the_networks() -> None:
    found = config(MANAGEMENT, network("storage", 1, "storage", mtu=9000))
    assert found["ethernets"]["eth1"]["addresses"] == ["10.9.1.11/24"]
    assert found["ethernets"]["eth1"]["mtu"] == 9000
    assert "routes" not in found["ethernets"]["eth1"]


def test_default_route_leaves_through_the_public_network() -> None:
    found = config(MANAGEMENT, network("public", 1, "public", gateway=IPv4Address("10.9.1.1")))
    assert "routes" not in found["ethernets"]["eth0"]
    assert found["ethernets"]["eth1"]["routes"] == [{"to": "0.0.0.0/0", "via": "10.9.1.1"}]


def test_vlans_share_a_bond() -> None:
    bond = Bond("802.3ad", ("eno1", "eno2"))
    found = config(
        replace(MANAGEMENT, bond=bond),
        network("storage", 1, "storage", vlan=30, mtu=9000, bond=bond),
        network("tenant", 2, "tenant", vlan=40, bond=bond),
    )
    assert set(found["ethernets"]) == {"eno1", "eno2"}
    assert found["bonds"]["bond0"]["interfaces"] == ["eno1", "eno2"]
    assert found["bonds"]["bond0"]["parameters"]["mode"] == "802.3ad"
    assert found["bonds"]["bond0"]["addresses"] == ["10.9.0.11/24"]
    assert found["bonds"]["bond0"]["mtu"] == 9000  # a VLAN cannot carry more than what it rides on
    assert found["vlans"]["vlan30"] == {
        "id": 30,
        "link": "bond0",
        "mtu": 9000,
        "dhcp4": False,
        "addresses": ["10.9.1.11/24"],
    }
    assert set(found["vlans"]) == {"vlan30", "vlan40"}


def test_tagged_network_on_a_plain_nic() -> None:
    found = config(MANAGEMENT, network("storage", 1, "storage", vlan=30))
    assert "addresses" not in found["ethernets"]["eth1"]
    assert found["vlans"]["vlan30"]["link"] == "eth1"


def test_a_container_has_an_untagged_card_on_each_network() -> None:
    """cloud-init's networkd renderer, which the lab's image has, would make no interface for a VLAN."""
    cloud = samples.cloud("""
        name: tagged
        platform: incus
        networks:
          management: {cidr: 10.9.0.0/24, vip: 10.9.0.10}
          storage: {cidr: 10.9.1.0/24, vlan: 30}
        machines: {controller: 3}
    """)
    found = YAML(typ="safe").load(networkconfig.network_config(cloud, cloud.nodes[0]))
    assert set(found) == {"version", "ethernets"}
    assert found["ethernets"]["eth1"]["addresses"] == ["10.9.1.11/24"]


def of_text(text: str, node: str = "ctl-1") -> Any:
    cloud = samples.cloud(text)
    return YAML(typ="safe").load(networkconfig.network_config(cloud, cloud.node(node)))


CARDS = """
    name: cards
    platform: existing
    networks:
      management: {cidr: 10.9.0.0/24, vip: 10.9.0.10, bond: {mode: 802.3ad, hash_policy: layer3+4, lacp_rate: fast, nics: [a1, a2]}}
      storage: {cidr: 10.9.1.0/24, vlan: 30, mtu: 9000, nic: b1}
      migration: {cidr: 10.9.2.0/24, vlan: 31, nic: b1, purpose: other, roles: [controller, compute]}
    machines:
      controller: {count: 3, nodes: {ctl-2: {cards: {a2: none}}}}
      compute: {count: 2, cards: {a1: enp1, a2: enp2}, nodes: {cmp-2: {cards: {b1: enp3}}}}
"""


def test_a_bond_spreads_packets_and_asks_the_switch_as_the_file_says() -> None:
    assert of_text(CARDS)["bonds"]["bond0"]["parameters"] == {
        "mode": "802.3ad",
        "mii-monitor-interval": "100",
        "transmit-hash-policy": "layer3+4",
        "lacp-rate": "fast",
    }


def test_a_card_without_a_bond_is_called_by_its_name_and_shared() -> None:
    made = of_text(CARDS)
    assert made["ethernets"]["b1"] == {"match": {"name": "b1"}, "mtu": 9000, "dhcp4": False}
    assert {name: vlan["link"] for name, vlan in made["vlans"].items()} == {"vlan30": "b1", "vlan31": "b1"}


def test_a_network_of_the_operators_own_has_an_address() -> None:
    assert of_text(CARDS)["vlans"]["vlan31"]["addresses"] == ["10.9.2.11/24"]


def test_roles_and_machines_call_their_cards_otherwise() -> None:
    assert of_text(CARDS, "ctl-2")["bonds"]["bond0"]["interfaces"] == ["a1"]
    assert of_text(CARDS, "cmp-1")["bonds"]["bond0"]["interfaces"] == ["enp1", "enp2"]
    assert set(of_text(CARDS, "cmp-1")["ethernets"]) == {"enp1", "enp2", "b1"}
    assert of_text(CARDS, "cmp-2")["vlans"]["vlan30"]["link"] == "enp3"


ROUTES = """
    name: routes
    platform: PLATFORM
    networks:
      management:
        cidr: 10.9.0.0/24
        vip: 10.9.0.10
        routes: [{to: 172.16.0.0/12, via: 10.9.0.2}, {to: 10.9.1.0/24, via: 10.9.0.3}]
      storage: {cidr: 10.9.1.0/24, gateway: 10.9.1.1, roles: [controller]}
    machines: {controller: 3, compute: 1}
"""


@pytest.mark.parametrize("platform", ["incus", "existing"])
def test_static_routes_leave_by_their_network_unless_the_machine_is_on_the_other(platform: str) -> None:
    text = ROUTES.replace("PLATFORM", platform)
    out, static = {"to": "0.0.0.0/0", "via": "10.9.0.1"}, {"to": "172.16.0.0/12", "via": "10.9.0.2"}
    assert of_text(text)["ethernets"]["eth0"]["routes"] == [out, static]
    assert of_text(text, "cmp-1")["ethernets"]["eth0"]["routes"] == [
        out,
        static,
        {"to": "10.9.1.0/24", "via": "10.9.0.3"},
    ]
