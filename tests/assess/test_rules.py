"""What rules say, in more detail than their two cases (test_cases.py)."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from hacienda.assess import Finding, findings, rules
from hacienda.assess.rules import eol
from hacienda.cloud import Cloud
from hacienda.declare import Script, Service
from hacienda.environment import Environment
from tests.assess.cases import timed, wires, with_service
from tests.assess.samples import Change, edit, on, subject
from tests.cloud.samples import cloud, machines


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
    assert str(finding).endswith("See `hacienda explain VOTERS`.")


def test_an_arbiter_votes_only_where_the_service_says_so() -> None:
    [finding] = of("VOTERS", machines("controller: 2\narbiter: 1"))
    assert finding.reason == "2 voters cannot survive the loss of one: galera needs a majority."
    assert finding.fix == "Use 3: the arbiter does not vote for them."


def test_an_even_number_of_voters_is_no_better_than_one_less() -> None:
    [finding] = of("VOTERS", machines("controller: 4"))
    assert finding.severity == "warning"
    assert finding.reason.startswith("4 voters survive the loss of one, as 3 would")


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
    assert finding.reason == "all 3 voters are containers on one machine: if it is lost, so is the cloud."
    assert of("DOMAIN", machines("controller: 1")) == []


def test_existing_containers_say_which_host_they_are_on() -> None:
    more = "platform: {type: existing, containers: true}\ndomains: {%s: [a, b, c]}"
    spread = "controller: {count: 3, spread: %s}"
    assert of("DOMAIN", machines(spread % "host", more=more % "host")) == []
    [finding] = of("DOMAIN", machines(spread % "rack", more=more % "rack"))
    assert finding.severity == "info"


def test_a_service_on_one_machine_is_found() -> None:
    [finding] = of("SINGLE", machines("controller: 3\nnetwork: 1"))
    assert finding.reason == "gateway runs only on net-1, and no machine can take over."
    assert finding.where == "machines.network"


def test_services_on_two_machines_are_not_single() -> None:
    assert of("SINGLE", machines("controller: 3\nnetwork: 2")) == []


def test_a_virtual_ip_with_one_holder_is_found() -> None:
    [finding] = of("VIPONE", machines("controller: 1"))
    assert finding.where == "networks.management.vip"


def test_a_virtual_ip_with_two_holders_is_fine() -> None:
    assert of("VIPONE", machines("controller: 2")) == []


def test_few_time_sources_are_found_on_real_machines() -> None:
    servers = "time: {servers: [a.example.org, b.example.org]}"
    [finding] = of("TIME", machines("controller: 3", more=f"platform: existing\n{servers}"))
    assert finding.reason.startswith("2 time sources")
    assert of("TIME", machines("controller: 3", more=servers)) == []


def test_four_time_sources_are_enough() -> None:
    assert of("TIME", machines("controller: 3", more="platform: existing")) == []


def test_bulk_traffic_that_the_file_puts_on_a_shared_network_is_named() -> None:
    text = """
    name: onelan
    platform: existing
    networks: {lan: {purpose: [management, storage], cidr: 10.1.0.0/24, vip: 10.1.0.5}}
    machines: {controller: 3, compute: 2, storage: 3}
    """
    [tenant, storage] = of("NETS", cloud(text))
    assert storage.reason.startswith("storage traffic uses lan: copies of data after a lost disk share a link")
    assert (storage.where, tenant.where) == ("networks.lan", "networks")
    assert tenant.reason.startswith("no network is for tenant: ")


def test_one_giant_among_the_computes_is_found() -> None:
    giant = "compute: {count: 3, memory: 64GiB, cpus: 8, nodes: {cmp-2: {memory: 1TiB}}}"
    [finding] = of("NPLUS1", machines(f"controller: 3\n{giant}"))
    assert finding.reason.startswith("cmp-2 has more memory than the other compute machines together")


def test_computes_of_one_size_or_of_unknown_size_are_fine() -> None:
    assert of("NPLUS1", machines("controller: 3\ncompute: {count: 2, memory: 64GiB}")) == []
    assert of("NPLUS1", machines("controller: 3\ncompute: {count: 2, nodes: {cmp-2: {memory: 1TiB}}}")) == []


def test_one_giant_among_the_racks_is_found() -> None:
    more = "platform: existing\ndomains: {rack: [a, b]}"
    nodes = "nodes: {cmp-1: {rack: a}, cmp-2: {rack: a}, cmp-3: {rack: a}, cmp-4: {rack: b}}"
    [finding] = of("NPLUS1", machines(f"controller: 3\ncompute: {{memory: 64GiB, {nodes}}}", more=more))
    assert finding.reason.startswith("rack a has more memory than the other compute machines together")
    assert of("NPLUS1", machines("controller: 3\ncompute: {count: 4, memory: 64GiB, spread: rack}", more=more)) == []


def told(rule: str, change: Change) -> list[str]:
    """Severities and reasons of what a rule says of the changed sound cloud."""
    found = findings(subject(change))
    return [f"{one.severity}: {one.reason}" for one in found if one.rule == rule and not one.accepted]


def test_a_service_that_takes_over_needs_every_member_fenced() -> None:
    pacemaker = Service("pacemaker", "Fail-over", ("storage",), Script("verify.sh"), packages=("pacemaker",))
    assert told("FENCE", with_service(pacemaker)) == []
    [error, warning] = told("FENCE", with_service(pacemaker, ", bmc: {type: redfish, address: 10.69.0.13}", ""))
    assert error == "error: pacemaker takes over what a dead machine held, but sto-3 cannot be fenced."
    assert warning.startswith("warning: sto-3 of 3 storage machines")


def test_computes_without_any_fencing_are_mentioned() -> None:
    bare = [f", bmc: {{type: redfish, address: 10.69.0.{number}}}}}" for number in (1, 2)]
    [info] = told("FENCE", edit(bare[0], "}", bare[1], "}"))
    assert info.startswith("info: no compute machine can be turned off from outside")


def test_one_member_has_no_quorum_to_ignore() -> None:
    assert told("QIGNORE", edit("controller: {count: 3,", "controller: {count: 1,")) == []


def test_no_gateway_at_all_is_an_error() -> None:
    [finding] = told("GW", edit("  network: {count: 2, spread: rack}\n", ""))
    assert finding == "error: no machine connects the instances to external."


def test_gateways_in_one_rack_are_found() -> None:
    [finding] = told("GW", edit("network: {count: 2, spread: rack}", "network: {count: 2, spread: rack, domains: [c]}"))
    assert "all 2 gateways of external are in rack c" in finding


def test_connections_kept_longer_than_the_proxy_keeps_them_are_found() -> None:
    found = told("TIMERS", timed("names", "connection_recycle_time", 3600))
    assert found[0].startswith(
        "error: names keeps idle connections to sql for 3600 s, but the load balancer drops them after 3600 s"
    )
    assert found[1].startswith("warning: a reload cuts database connections after 660 s")


def test_state_that_travels_in_the_open_is_found() -> None:
    old = "{backend: s3, options: {bucket: sound, region: eu-1, use_lockfile: true}}"
    open_way = '{backend: http, options: {address: "http://state.example.org/sound"}}'
    [finding] = told("LEAK", edit(old, open_way))
    assert "are sent to http://state.example.org/sound unencrypted" in finding
    assert told("LEAK", edit(old, open_way.replace("http://", "https://"))) == []


def test_a_store_with_nothing_but_certificates_of_machines_is_fine() -> None:
    assert told("KEYS", Change()) == []


def test_what_upstream_gave_up_is_mentioned() -> None:
    found = told("EOL", on(date(2026, 12, 1), Change()))
    assert [text.partition(":")[0] for text in found] == ["info", "info"]


def test_the_end_of_the_distribution_is_told_half_a_year_ahead() -> None:
    found = told("EOL", on(date(2028, 3, 1), Change()))
    assert found[0] == "warning: Debian 13 has security updates until 2028-08-09."


def test_the_end_of_everything_on_offer_is_known() -> None:
    fields = Environment.model_fields
    assert set(get_args(fields["operating_system"].annotation)) == set(eol.DISTRIBUTION)
    assert set(get_args(fields["release"].annotation)) == set(eol.OPENSTACK)


def test_slow_and_eager_coordination_are_found() -> None:
    found = told("PACE", Change(add="services: {truths: {heartbeat: 0.05, election: 20}}\n"))
    assert len(found) == 2


def test_a_cache_of_write_sets_as_large_as_its_disk_is_found() -> None:
    [finding] = told("DISK", Change(add="services: {sql: {log: 500GiB}}\n"))
    assert finding == "error: its log takes 500 GiB of ctl-1's disk of 800 GiB."


def test_short_lives_of_certificates_are_found() -> None:
    [finding] = told("CERT", Change(add="tls: {leaf_days: 30}\n"))
    assert finding.startswith("warning: certificates are valid for 30 days")


@pytest.mark.parametrize(
    ("interval", "says"),
    [
        (0.05, "3 packets of BFD, 0.05 s apart: a gateway that is busy for 0.15 s loses its routers"),
        (0.1, ""),
        (1.0, ""),
        (1.5, "3 packets of BFD, 1.5 s apart: routers stay on a dead gateway for 4.5 s"),
    ],
)
def test_gateways_watch_each_other_neither_too_fast_nor_too_slowly(interval: float, says: str) -> None:
    found = rules()["PACE"].find(subject(with_service(wires(interval))))
    assert [one.reason for one in found] == ([f"{says}."] if says else [])
