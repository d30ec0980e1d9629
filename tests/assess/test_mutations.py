"""The production environment, broken in one way at a time: each is found, by its rule and by no other."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hacienda import services
from hacienda.assess import findings, rules
from tests.assess.cases import ROUTERS, accepting_line, beside, held, with_service
from tests.assess.samples import NOTHING, Change, edit, on, service, subject

# Coverage is counted elsewhere.
pytestmark = pytest.mark.no_cover

PRODUCTION = (Path(__file__).parents[2] / "environments" / "production.yaml").read_text()
THEN = date(2026, 11, 21)
"""A day on which everything that production accepts is accepted."""

NEEDS_OTHERS = {"VIPONE"}
"""One holder of the virtual IPs is also one controller, which other rules tell of."""


def without(start: str) -> Change:
    """Production without the one line that holds a piece."""
    return edit(line(start), "")


def line(start: str) -> str:
    """The one line of production that holds a piece."""
    [found] = [line for line in PRODUCTION.splitlines(keepends=True) if start in line]
    return found


def options(text: str) -> Change:
    """Production with options of services."""
    return Change(add=f"services: {text}\n")


MUTATIONS = {
    "ACCEPT": accepting_line("{rule: DNS, reason: there is only one name server, until: 2027-11-30}"),
    "BACKUP": without("concerns: keys"),
    "BUDGET": options("{keepalived: {advert_interval: 1}}"),
    "CERT": Change(add="tls: {leaf_days: 14}\n"),
    "CLOSED": without("name: metrics"),
    "COPIES": options("{glance: true}"),
    "CRUSH": edit("storage: {count: 6, spread: rack,", "storage: {count: 6, spread: rack, domains: [a, b],"),
    "DISK": options("{rabbitmq: {disk_free_limit: 300GiB}}"),
    "DNS": edit("[10.10.0.2, 10.10.0.3]", "[10.10.0.2]"),
    "DOMAIN": edit("controller: {count: 3, spread: rack,", "controller: {count: 3, spread: rack, domains: [a, b],"),
    "EOL": without("rule: EOL"),
    "FENCE": edit("osd: 30TiB}", "osd: 30TiB}, nodes: {sto-1: {bmc: {type: ipmi, address: 10.11.0.1}}}"),
    "FLOOD": options("{haproxy: {connections: 500}}"),
    "GW": edit("network: {count: 3,", "network: {count: 1,"),
    "KEYS": held("nodes/ctl-2/keystone/fernet-keys"),
    "LEAK": edit(
        "  - {rule: STATE, reason: everybody applies on the deployer's machine, until: 2027-11-30}\n",
        "",
        add='state: {backend: http, options: {address: "http://state.example.org/production"}}\n',
    ),
    "LINK": edit("vlan: 40, bond: {mode: 802.3ad, nics: [ens1f0, ens1f1]}", "vlan: 40"),
    "MEMORY": options("{galera: {buffer_pool: 120GiB}}"),
    "MTU": edit("vlan: 20,", "vlan: 20, mtu: 9000,"),
    "NAME": beside("name: beside", "name: production\ndomain: other.example.org"),
    "NETS": without("  storage: {cidr:"),
    "NPLUS1": edit("memory: 1TiB,", "memory: 1TiB, nodes: {cmp-7: {memory: 40TiB}},"),
    "OBS": edit("monitoring: {count: 2,", "monitoring: {count: 2, domains: [c],"),
    "OPEN": options("{firewall: {operator_networks: [0.0.0.0/0]}}"),
    "PACE": options("{keepalived: {advert_interval: 0.05}}"),
    "POOL": options("{galera: {max_connections: 100}}"),
    "QIGNORE": service("galera", ignores_quorum=lambda cloud: "pc.ignore_quorum = true"),
    "RANGE": beside("10.90.0.0/24, vip: 10.90.0.99", "10.10.9.0/24, vip: 10.10.9.99"),
    "REPL": edit("storage: {count: 6,", "storage: {count: 2,"),
    "ROUTE": edit("10.10.0.0/22, vip", "10.10.0.0/22, gateway: none, vip", "10.10.0.3]", "192.0.2.3]"),
    "SINGLE": with_service(
        ROUTERS, "network: {count: 3,", "network: {count: 1,", "vlan: 50,", "vlan: 50, roles: [controller],"
    ),
    "SPREAD": edit("compute: {count: 40, spread: rack,", "compute: {count: 40,"),
    "STATE": without("rule: STATE"),
    "TARGET": edit("target: 99.95", "target: 99.9999"),
    "TIME": edit("ntp3.example.org, ntp4.example.org", "ntp3.example.org"),
    "TIMERS": options("{haproxy: {drain_timeout: 60}}"),
    "TRANSIT": edit(
        *(line("  network: {count: 3,"), ""),
        # The service brings the port.
        *(line("name: tunnels"), ""),
        add="services: {ovn: true, ovn-chassis: true}\n",
    ),
    "VOTERS": edit("rack: [a, b, c]", "rack: [a, b, c, d]", "controller: {count: 3,", "controller: {count: 4,"),
    "VRID": beside("vip: 10.90.0.99, vlan: 99", "vip: 10.90.0.5"),
}


def standing(change: Change) -> set[str]:
    """Rules with findings that nothing accepts."""
    found = findings(subject(on(THEN, change), PRODUCTION, services.registry()))
    return {finding.rule for finding in found if not finding.accepted}


def test_production_is_sound() -> None:
    assert standing(NOTHING) == set()


def test_every_rule_has_a_mutation() -> None:
    assert set(MUTATIONS) | NEEDS_OTHERS == set(rules())
    assert len(MUTATIONS) >= 25


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_its_rule_finds_it_and_no_other_does(name: str) -> None:
    assert standing(MUTATIONS[name]) == {name}
