"""Inputs of real sites: what came out wrong, or was refused, and what is right. Each failed once."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hacienda import cloudinit, services, stacks
from hacienda.assess import Finding, Subject, findings, rules
from hacienda.cloud import Cloud, read, read_all, routes
from hacienda.cloudinit import networkconfig
from hacienda.errors import InputError
from hacienda.platforms import FirstBoot, Incus
from hacienda.platforms.incus import InstanceResource
from tests.assess.samples import cloud as of_text
from tests.services import composed

CASES = Path(__file__).parent / "cases"
SITES = sorted((Path(__file__).parent / "environments").glob("*.yaml"))


def cloud(name: str) -> Cloud:
    return read(CASES / f"{name}.yaml", services.registry(), f"{name}.yaml")


def refusal(name: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        cloud(name)
    return [str(problem) for problem in raised.value.problems]


def found(name: str, rule: str) -> list[Finding]:
    return [one for one in findings(Subject(cloud(name), date(2026, 11, 28))) if one.rule == rule]


def network(name: str, node: str) -> Any:
    resolved = cloud(name)
    return YAML(typ="safe").load(networkconfig.network_config(resolved, resolved.node(node)))


@pytest.mark.parametrize("path", SITES, ids=lambda path: path.stem)
def test_a_site_resolves_and_renders(path: Path) -> None:
    resolved = read(path, services.registry())
    for node in resolved.nodes:
        assert cloudinit.render(resolved, node, "").files


def test_all_sites_synthesize(tmp_path: Path) -> None:
    clouds = read_all(SITES, services.registry(), rules=rules())
    made = stacks.synthesize(clouds, tmp_path / "out", root=tmp_path, with_secrets=False)
    assert len(made.nodes) == len(SITES) == 9
    for stack in made.stacks:
        assert (made.folder(stack) / "cdk.tf.json").is_file()


def test_numbers_that_follow_from_addresses_may_be_alike() -> None:
    found = {node.name: str(node.addresses["management"]) for node in cloud("number-collision").role("compute")}
    assert found == {"old-1": "10.1.1.11", "new-1": "10.1.1.111"}


def test_no_two_holders_have_one_priority() -> None:
    resolved = cloud("priority-all-one")
    texts = [
        composed.rendered(resolved, "keepalived", node.name)["/etc/keepalived/keepalived.conf"].text
        for node in resolved.nodes
    ]
    priorities = [int(text.split("    priority ")[1].split()[0]) for text in texts]
    assert len(set(priorities)) == 3
    assert all(1 <= priority <= 254 for priority in priorities)


def test_controllers_reach_the_only_virtual_ip_from_their_addresses_beside_it() -> None:
    resolved = cloud("vip-on-public-only")
    assert routes.source(resolved, resolved.node("ctl-2"), IPv4Address("203.0.113.9")) == IPv4Address("203.0.113.12")
    text = composed.rendered(resolved, "firewall", "ctl-1")["/etc/nftables.conf"].text
    assert "elements = { 203.0.113.11, 203.0.113.12, 203.0.113.13 }" in text
    assert 'ip saddr @neighbours ip daddr 203.0.113.9 tcp dport { 3306 } accept comment "galera"' in text
    assert "203.0.113.0/24" not in text


def test_an_external_network_gives_a_card_and_no_address() -> None:
    made = network("external-card", "net-1")
    assert made["bonds"]["bond1"]["interfaces"] == ["ens1f0", "ens1f1"]
    assert made["vlans"]["vlan50"] == {"id": 50, "link": "bond1", "mtu": 1500, "dhcp4": False, "optional": True}
    assert "addresses" not in made["bonds"]["bond1"]
    assert "bond1" not in network("external-card", "ctl-1")["bonds"]


def test_production_has_its_external_network() -> None:
    resolved = read(composed.ROOT / "environments/production.yaml", services.registry())
    made = YAML(typ="safe").load(networkconfig.network_config(resolved, resolved.node("net-1")))
    assert made["vlans"]["vlan50"]["link"] == "bond0"
    assert "addresses" not in made["vlans"]["vlan50"]


def test_a_container_has_a_card_on_the_external_bridge_after_all_others(tmp_path: Path) -> None:
    text = """
        name: bridges
        networks:
          management: {cidr: 10.1.0.0/24, vip: 10.1.0.5}
          external: {cidr: 198.51.100.0/24}
          tenant: {cidr: 10.1.2.0/24}
        machines: {controller: 3, network: 1}
    """
    resolved = composed.cloud(tmp_path, text)
    node = resolved.node("net-1")
    handle = Incus("hacienda-bridges").machine(node, resolved.attached(node), FirstBoot("", ""))
    [instance] = handle.declarations
    assert isinstance(instance, InstanceResource)
    bridge = Incus("hacienda-bridges").bridge
    assert instance.networks == {
        "eth0": bridge("management"),
        "eth1": bridge("tenant"),
        "eth2": bridge("external"),
    }
    made = YAML(typ="safe").load(networkconfig.network_config(resolved, node))
    assert made["ethernets"]["eth2"] == {"match": {"name": "eth2"}, "mtu": 1500, "dhcp4": False, "optional": True}


def test_what_comes_in_through_a_router_is_answered_through_it() -> None:
    resolved = cloud("gateway-without-effect")
    assert composed.fact(resolved, "host", "ROUTES_BACK") == "10.1.0.0/24=10.1.0.1=5001 10.1.1.0/24=10.1.1.1=5003"
    assert network("gateway-without-effect", "ctl-1")["ethernets"]["eth1"]["routes"] == [
        {"to": "0.0.0.0/0", "via": "203.0.113.1"}
    ]


def test_machines_of_the_cloud_are_no_time_sources() -> None:
    resolved = of_text(
        (CASES / "existing-ceph-firewall.yaml").read_text() + "time: {servers: [10.1.0.11, ctl-2, ntp.example.org]}\n",
        services.registry(),
    )
    told = [finding for finding in findings(Subject(resolved, date(2026, 11, 28))) if finding.rule == "TIME"]
    assert [finding.severity for finding in told] == ["error", "error", "warning"]
    assert "ctl-2 is the machine ctl-2" in told[1].reason
    text = composed.rendered(resolved, "chrony")["/etc/chrony/chrony.conf"].text
    assert "10.1.0.11" not in text
    assert "pool ntp.example.org" in text


def test_cards_may_have_capitals() -> None:
    assert set(network("nic-upper-case", "ctl-1")["ethernets"]) == {"enP4p1s0f0np0", "enP4p1s0f1np1"}


def test_virtual_ips_may_end_alike() -> None:
    """keepalived refuses one id twice on an interface, and both are announced on management."""
    assert [vip.router_id for vip in cloud("vips-end-alike").virtual_ips] == [33, 254]


def test_one_vlan_number_on_two_fabrics() -> None:
    made = network("same-vlan-two-fabrics", "ctl-1")
    assert {name: vlan["link"] for name, vlan in made["vlans"].items()} == {"bond0.10": "bond0", "bond1.10": "bond1"}


def test_a_machine_has_one_role() -> None:
    problems = refusal("hyperconverged")
    assert len(problems) == 3
    assert all("a machine has only one role" in problem for problem in problems)


def test_machines_that_share_an_address_across_roles_are_told_the_same() -> None:
    text = (CASES / "hyperconverged.yaml").read_text()
    head, computes = text.split("  compute:")
    with pytest.raises(InputError) as raised:
        of_text(head + "  compute:" + computes.replace("os", "cmp-os"), services.registry())
    assert "give it one role: controller or compute" in str(raised.value)


def test_a_firewall_that_cuts_ceph_off_is_found_until_a_rule_lets_it_in() -> None:
    [finding] = found("existing-ceph-firewall", "CLOSED")
    assert finding.where == "machines.storage"
    assert "accepts ports 22, 123" in finding.reason


def test_name_and_time_servers_without_a_route_are_found() -> None:
    told = {finding.where: finding for finding in found("no-way-out", "ROUTE")}
    assert set(told) == {"dns.servers", "time.servers"}
    assert told["dns.servers"].severity == "error"
    assert "192.0.2.53, 192.0.2.54" in told["dns.servers"].reason


def test_an_address_elsewhere_is_no_address_on_management() -> None:
    [problem] = refusal("only-public-pinned")
    assert "has no address on management" in problem


def test_a_virtual_ip_may_be_outside_the_machines_range() -> None:
    [vip] = cloud("vip-outside-pool").virtual_ips
    assert str(vip.address) == "10.129.26.2"
