"""What rules say, in more detail than their two cases (test_cases.py)."""

from __future__ import annotations

import pytest

from hacienda.assess import Finding, findings
from hacienda.cloud import Cloud
from tests.cloud.samples import machines


def of(rule: str, found: Cloud) -> list[Finding]:
    return [finding for finding in findings(found) if finding.rule == rule]


def test_findings_come_worst_first_and_are_stable() -> None:
    unwise = machines("controller: 2\ncompute: 1", more="platform: existing\ntime: {servers: [ntp.example.org]}")
    severities = [finding.severity for finding in findings(unwise)]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert findings(unwise) == findings(unwise)


def test_two_voters_are_an_error() -> None:
    [finding] = of("VOTERS", machines("controller: 2"))
    assert finding.severity == "error"
    assert finding.where == "machines.controller"
    assert finding.reason == "2 voters cannot survive the loss of one: etcd and galera need a majority."
    assert str(finding).startswith("test.yaml:6: machines.controller: 2 voters")
    assert str(finding).endswith("See docs/rules/VOTERS.md")


def test_an_arbiter_votes_only_where_the_service_says_so() -> None:
    [finding] = of("VOTERS", machines("controller: 2\narbiter: 1"))
    assert finding.reason == "2 voters cannot survive the loss of one: galera needs a majority."
    assert finding.fix == "Use 3: the arbiter does not vote for them."


def test_an_even_number_of_voters_is_no_better_than_one_less() -> None:
    [finding] = of("VOTERS", machines("controller: 4"))
    assert finding.severity == "warning"
    assert finding.reason.startswith("4 voters survive the loss of one, no more than 3 would")


@pytest.mark.parametrize("count", [3, 5])
def test_an_odd_number_of_voters_is_fine(count: int) -> None:
    assert of("VOTERS", machines(f"controller: {count}")) == []


def test_a_rack_with_the_majority_is_found() -> None:
    more = "platform: existing\ndomains: {rack: [a, b]}"
    [finding] = of("DOMAIN", machines("controller: {count: 3, spread: rack}", more=more))
    assert finding.reason.startswith("losing rack a takes 2 of 3 voters")


def test_three_racks_are_enough() -> None:
    more = "platform: existing\ndomains: {rack: [a, b, c]}"
    assert of("DOMAIN", machines("controller: {count: 3, spread: rack}", more=more)) == []


def test_unknown_racks_are_mentioned_on_real_machines_only() -> None:
    [finding] = of("DOMAIN", machines("controller: 3", more="platform: existing"))
    assert finding.severity == "info"


def test_containers_are_on_one_machine() -> None:
    [finding] = of("DOMAIN", machines("controller: 3"))
    assert finding.where == "platform"
    assert finding.reason == "all 3 voters are containers on one machine: losing it loses the cloud."
    assert of("DOMAIN", machines("controller: 1")) == []


def test_a_service_on_one_machine_is_found() -> None:
    [finding] = of("SINGLE", machines("controller: 3\nnetwork: 1"))
    assert finding.reason == "gateway runs on net-1 alone, and nobody takes over."
    assert finding.where == "machines.network"


def test_services_on_two_machines_are_not_single() -> None:
    assert of("SINGLE", machines("controller: 3\nnetwork: 2")) == []


def test_a_virtual_ip_with_one_holder_is_found() -> None:
    [finding] = of("VIPONE", machines("controller: 1"))
    assert finding.where == "networks.management.vip"


def test_a_virtual_ip_with_two_holders_is_fine() -> None:
    assert of("VIPONE", machines("controller: 2")) == []


def test_few_time_sources_are_found_on_real_machines() -> None:
    servers = "time: {servers: [a.example.org, b.example.org, b.example.org]}"
    [finding] = of("TIME", machines("controller: 3", more=f"platform: existing\n{servers}"))
    assert finding.reason.startswith("2 time sources")
    assert of("TIME", machines("controller: 3", more=servers)) == []


def test_four_time_sources_are_enough() -> None:
    assert of("TIME", machines("controller: 3", more="platform: existing")) == []


def test_one_giant_among_the_computes_is_found() -> None:
    giant = "compute: {count: 3, memory: 64GiB, cpus: 8, nodes: {cmp-2: {memory: 1TiB}}}"
    [finding] = of("NPLUS1", machines(f"controller: 3\n{giant}"))
    assert finding.reason.startswith("cmp-2 has more memory than the other compute machines together")


def test_computes_of_one_size_or_of_unknown_size_are_fine() -> None:
    assert of("NPLUS1", machines("controller: 3\ncompute: {count: 2, memory: 64GiB}")) == []
    assert of("NPLUS1", machines("controller: 3\ncompute: {count: 2, nodes: {cmp-2: {memory: 1TiB}}}")) == []
