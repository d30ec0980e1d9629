"""Firewall: each declared port is open to its clients and to nobody else."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from hacienda.declare import Port, Registry, Script, Service
from hacienda.services import firewall
from tests import programs
from tests.cloud import samples
from tests.services import composed

SEGMENTED = """
name: lab
platform: existing
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
  outside: {cidr: 192.0.2.0/24, vip: 192.0.2.20, purpose: public}
machines:
  controller: 3
  compute: 2
"""


def ruleset(cloud: Cloud, node: str = "ctl-1") -> str:
    return composed.rendered(cloud, "firewall", node)["/etc/nftables.conf"].text


def openings(text: str) -> set[tuple[str, str, int]]:
    """(clients, protocol, port) of every rule that accepts."""
    found = re.findall(r"^ +(ip \w+ .+?) (tcp|udp) dport \{ (.+?) \} accept", text, flags=re.MULTILINE)
    return {
        (match, protocol, number)
        for match, protocol, ports in found
        for port in ports.split(", ")
        for number in range(int(port.split("-")[0]), int(port.split("-")[-1]) + 1)
    }


def test_it_drops_by_default_and_loads_at_once_or_not_at_all(tmp_path: Path) -> None:
    text = ruleset(composed.cloud(tmp_path))
    assert "policy drop" in text
    assert text.index("delete table inet hacienda") < text.index("table inet hacienda {")
    assert "flush ruleset" not in text


def test_peers_ports_are_open_to_the_other_members_by_address(tmp_path: Path) -> None:
    text = ruleset(composed.cloud(tmp_path), "ctl-2")
    assert ("ip saddr @etcd_peers", "tcp", 2380) in openings(text)
    assert not any(port == 2380 and match != "ip saddr @etcd_peers" for match, _, port in openings(text))
    members = re.search(r"set etcd_peers \{.*?elements = \{ (.*?) \}", text, flags=re.DOTALL)
    assert members is not None
    assert members[1] == "10.77.0.10, 10.77.0.11, 10.77.0.13"  # with the virtual IP, which one of them may hold


def test_every_declared_port_is_open_to_somebody(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path)
    opened = {(protocol, port) for _, protocol, port in openings(ruleset(cloud))}
    here = cloud.running(cloud.node("ctl-1"))
    declared = {(p.protocol, number) for s in here for p in s.ports if p.protocol != "vrrp" for number in p.numbers}
    assert opened == declared


def test_vrrp_comes_from_the_other_balancers_alone(tmp_path: Path) -> None:
    rules = ruleset(composed.cloud(tmp_path))
    assert "ip saddr @keepalived_peers ip protocol vrrp accept" in rules
    # One in a peer's name counts as established.
    assert rules.index("ip protocol vrrp ip ttl < 255") < rules.index("ct state established")


def test_peers_have_their_management_addresses_alone(tmp_path: Path) -> None:
    sets = dict(
        re.findall(
            r"set (\w+_(?:peers|servers)) \{.*?elements = \{ (.*?) \}",
            ruleset(composed.cloud(tmp_path, SEGMENTED)),
            flags=re.DOTALL,
        )
    )
    assert len(sets) > 4
    assert set(sets.values()) == {"10.77.0.10, 10.77.0.12, 10.77.0.13"}


def test_the_databases_checker_answers_members_and_load_balancers(tmp_path: Path) -> None:
    opened = openings(ruleset(composed.cloud(tmp_path)))
    assert {match for match, _, port in opened if port == 9200} == {"ip saddr @galera_peers"}


def test_the_cache_answers_machines_of_services_that_require_one(tmp_path: Path) -> None:
    text = ruleset(composed.cloud(tmp_path, SEGMENTED), "ctl-2")
    assert {match for match, _, port in openings(text) if port == 11211} == {"ip saddr @memcached_users"}
    users = re.search(r"set memcached_users \{.*?elements = \{ (.*?) \}", text, flags=re.DOTALL)
    assert users is not None
    assert users[1] == "10.77.0.10, 10.77.0.11, 10.77.0.13"


def test_the_public_reaches_public_addresses_alone(tmp_path: Path) -> None:
    opened = openings(ruleset(composed.cloud(tmp_path, SEGMENTED)))
    assert ("ip daddr 192.0.2.20", "tcp", 5000) in opened
    balanced = {
        own.port(front.port).number
        for own in services.registry()
        for front in own.frontends
        if "public" in front.scopes
    }
    assert {port for match, _, port in opened if match.startswith("ip daddr")} <= balanced


def test_another_compute_changes_nobody_elses_rules(tmp_path: Path) -> None:
    before = composed.cloud(tmp_path, SEGMENTED)
    after = composed.cloud(tmp_path, SEGMENTED.replace("compute: 2", "compute: 3"))
    for node in before.nodes:
        assert ruleset(before, node.name) == ruleset(after, node.name)


def test_a_compute_opens_nothing_of_the_controllers(tmp_path: Path) -> None:
    ports = {port for _, _, port in openings(ruleset(composed.cloud(tmp_path, SEGMENTED), "cmp-1"))}
    everywhere = {port.number for own in services.registry() if "every" in own.roles for port in own.ports}
    assert {22, 123} <= ports <= everywhere


def test_operators_come_from_where_the_file_says(tmp_path: Path) -> None:
    text = composed.LAB + "services:\n  firewall: {operator_networks: [198.51.100.0/24]}\n"
    rules = ruleset(composed.cloud(tmp_path, text))
    assert "elements = { 198.51.100.0/24 }" in rules
    assert ("ip saddr @operators", "tcp", 22) in openings(rules)


def test_ssh_is_open_on_the_port_the_file_names(tmp_path: Path) -> None:
    text = composed.LAB + "ssh: {port: 2222}\n"
    assert ("ip saddr @management", "tcp", 2222) in openings(ruleset(composed.cloud(tmp_path, text)))


def test_one_controller_has_no_peers_to_name(tmp_path: Path) -> None:
    text = ruleset(composed.cloud(tmp_path, composed.LAB.replace("controller: 3", "controller: 1")))
    assert "_peers" not in text


def test_our_own_machines_are_told_at_once_what_is_closed(tmp_path: Path) -> None:
    text = ruleset(composed.cloud(tmp_path))
    assert "ip saddr @management meta l4proto tcp reject with tcp reset" in text
    assert "limit rate 10/minute" in text


def test_an_arbiter_of_galera_is_no_server(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, composed.TWO_NODE)
    of_arbiter, of_server = openings(ruleset(cloud, "arb-1")), openings(ruleset(cloud, "ctl-1"))
    assert {(match, port) for match, _, port in of_arbiter if port in (3306, 4444, 4567, 4568, 9200)} == {
        ("ip saddr @galera_peers", 4567)
    }
    assert ("ip saddr @galera_peers", "tcp", 4567) in of_server
    assert {match for match, _, port in of_server if port in (4444, 4568)} == {"ip saddr @galera_servers"}
    sets = dict(re.findall(r"set (galera_\w+) \{.*?elements = \{ (.*?) \}", ruleset(cloud, "ctl-1"), flags=re.DOTALL))
    assert sets == {"galera_peers": "10.77.0.10, 10.77.0.12, 10.77.0.91", "galera_servers": "10.77.0.10, 10.77.0.12"}


OWN = """
name: own
platform: existing
networks:
  management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}
  storage: {cidr: 10.78.0.0/24}
machines: {controller: 3, storage: 3}
firewall_rules:
  - {name: ceph, ports: [6800-7000, 3300, 6900-7568], sources: [storage, 10.78.0.0/16, 192.0.2.1], roles: [storage]}
  - {name: agent, protocol: udp, ports: [161], sources: [any], machines: [ctl-2]}
  - {name: tunnel, protocol: gre, sources: [storage]}
"""


def test_rules_of_the_operators_own_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    cloud = composed.cloud(tmp_path, OWN)
    ceph = 'ip saddr { 10.78.0.0/16, 192.0.2.1/32 } tcp dport { 3300, 6800-7568 } accept comment "ceph"'
    agent, tunnel = (
        'udp dport { 161 } accept comment "agent"',
        'ip saddr { 10.78.0.0/24 } ip protocol 47 accept comment "tunnel"',
    )
    has = {node.name: [rule in ruleset(cloud, node.name) for rule in (ceph, agent, tunnel)] for node in cloud.nodes}
    of_one, of_storage = [False, False, True], [True, False, True]
    assert has == {
        "ctl-1": of_one,
        "ctl-2": [False, True, True],
        "ctl-3": of_one,
        "sto-1": of_storage,
        "sto-2": of_storage,
        "sto-3": of_storage,
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="nftables in a network of its own needs root")
@pytest.mark.parametrize("node", ["ctl-2", "sto-1"])
def test_nft_reads_rules_of_the_operators_own(node: str, tmp_path: Path) -> None:
    programs.needed("nft")
    (tmp_path / "rules").write_text(ruleset(composed.cloud(tmp_path, OWN), node))
    command = ["unshare", "--net", programs.path("nft") or "", "-c", "-f", str(tmp_path / "rules")]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""


def test_a_port_of_another_network_is_open_to_that_network_alone() -> None:
    registry = Registry(
        (
            *(one for one in services.registry() if one.everywhere),
            Service(
                "osd",
                "Disks",
                ("storage",),
                Script("verify.sh"),
                ports=(
                    Port("data", 6800, clients="internal", network="storage", last=7568),
                    Port("tunnel", 6081, clients="internal", protocol="udp", network="tenant"),
                ),
            ),
        ),
        left_out=services.registry().names(),
    )
    text = composed.LAB + "  storage: 1\nfirewall_rules: []\n"
    cloud = samples.cloud(text.replace("networks:\n", "networks:\n  storage: {cidr: 10.78.0.0/24}\n"), registry)
    rules = firewall.service.variables(cloud, cloud.node("sto-1"))
    assert [str(rule) for rule in rules["rules"] if rule.service == "osd"] == [
        # Without a network of its own, the tenants' traffic is on management.
        'ip saddr @management udp dport { 6081 } accept comment "osd"',
        'ip saddr @storage tcp dport { 6800-7568 } accept comment "osd"',
    ]
    assert {name: str(cidr) for name, cidr in rules["networks"].items()} == {
        "management": "10.77.0.0/24",
        "storage": "10.78.0.0/24",
    }
