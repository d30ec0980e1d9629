"""What the rules find in clouds of the real services.

For each rule that reads their declarations there is a file that breaks it, and one that almost does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from hacienda.assess import Finding, findings
from hacienda.cloud import entrance
from hacienda.errors import InputError
from tests import shipped
from tests.assess.samples import replaced
from tests.services import composed

SOUND = (shipped.ROOT / "environments/lab-full.yaml").read_text()
PRODUCTION = (shipped.ROOT / "environments/production.yaml").read_text()


@dataclass(frozen=True)
class Case:
    """A rule's two edits of the environment `lab-full`.

    Args:
        rule: the rule.
        broken: pieces and what stands there instead, in pairs: the rule finds something.
        where: the field that the finding names.
        says: a part of its reason.
        kept: an edit in which the rule finds nothing; default: none.
    """

    rule: str
    broken: tuple[str, ...]
    where: str
    says: str
    kept: tuple[str, ...] = ()


CASES = (
    Case(
        "REPL",
        ("ceph: {", "ceph: {copies: 2, "),
        "services.ceph.copies",
        "ceph keeps 2 copies of each object: losing one machine stops writes",
        ("ceph: {", "ceph: {copies: 3, "),
    ),
    Case("REPL", ("ceph: {", "ceph: {copies: 1, "), "services.ceph.copies", "ceph keeps 1 copy"),
    Case("REPL", ("storage: 3", "storage: 2"), "machines.storage", "2 storage machines hold data"),
    Case(
        "REPL",
        ("  ceph-osd: {file_size: 8GiB}\n", ""),
        "services.ceph",
        "no storage machine keeps what ceph is to store",
        ("{file_size: 8GiB}", "true"),
    ),
    Case(
        "CRUSH",
        ("ceph: {", "ceph: {copies: 5, "),
        "machines.storage",
        "5 copies do not fit on 3 storage machines",
        ("ceph: {", "ceph: {copies: 5, ", "storage: 3", "storage: 5"),
    ),
    Case(
        "CRUSH",
        ("storage: 3", "storage: {count: 3, spread: rack, domains: [a, b]}", "networks:", "domains: {rack: [a, b, c]}\nnetworks:"),
        "machines.storage",
        "the storage machines are in 2 racks (a, b): losing one may take two of 3 copies",
        ("storage: 3", "storage: {count: 3, spread: rack}", "networks:", "domains: {rack: [a, b, c]}\nnetworks:"),
    ),
    Case("GW", ("network: 2", "network: 1"), "networks.external", "only net-1 connects the instances to external"),
    Case("GW", ("  network: 2\n", ""), "networks.external", "no machine connects the instances"),
    # A gateway of OVN is a network machine: another role on the network makes none.
    Case(
        "GW",
        ("roles: [network]", "roles: [controller]"),
        "networks.external",
        "no machine connects the instances",
        ("roles: [network]", "roles: [controller, network]"),
    ),
    Case(
        "TRANSIT",
        ("  network: 2\n", "", ", roles: [network]", ""),
        "networks.external",
        "ctl-1, ctl-2, ctl-3 carry the traffic of instances to external",
        (", roles: [network]", ""),
    ),
    Case(
        "NPLUS1",
        ("compute: 2", "compute: {nodes: {cmp-1: {memory: 8GiB}, cmp-2: {memory: 64GiB}}}"),
        "machines.compute",
        "cmp-2 has more memory than the other compute machines together",
        ("compute: 2", "compute: {nodes: {cmp-1: {memory: 8GiB}, cmp-2: {memory: 8GiB}}}"),
    ),
    Case("SINGLE", ("compute: 2", "compute: 1"), "machines.compute", "neutron-metadata, nova-compute run only on cmp-1"),
    Case(
        "SINGLE",
        ("controller: 3", "controller: 1"),
        "machines.controller",
        "keystone, glance, placement, cinder, neutron, nova, nova-console run only on ctl-1",
        ("controller: 3", "controller: 5"),
    ),
    Case(
        "POOL",
        ("services:\n", "services:\n  galera: {max_connections: 500}\n"),
        "services.galera.max_connections",
        "the database accepts 500 connections, and its clients may open 573 (keystone",
        ("services:\n", "services:\n  galera: {max_connections: 673}\n"),
    ),
    Case(
        "COPIES",
        ("  ceph: {placement_groups: 8, monitor_memory: 512MiB, osd_memory: 512MiB}\n  ceph-osd: {file_size: 8GiB}\n", "",
         "  cinder: {workers: 1}\n", ""),
        "services.glance.shared",
        "glance keeps its images on one of its 3 machines",
        # Copies in the storage cluster are not on its members: REPL counts them.
        ("ceph: {", "ceph: {copies: 2, "),
    ),
)  # fmt: skip


def of(rule: str, folder: Path, text: str, *pieces: str) -> list[Finding]:
    for piece, instead in zip(pieces[::2], pieces[1::2], strict=True):
        text = replaced(text, piece, instead)
    return [finding for finding in findings(composed.cloud(folder, text)) if finding.rule == rule]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.says.partition(' ')[2][:24]}")
def test_a_rule_finds_what_breaks_it_and_nothing_else(tmp_path: Path, case: Case) -> None:
    [finding] = of(case.rule, tmp_path, SOUND, *case.broken)
    assert finding.where == case.where
    assert case.says in finding.reason
    assert of(case.rule, tmp_path, SOUND, *case.kept) == []


def test_the_database_accepts_all_clients_of_a_large_cloud_with_every_service(tmp_path: Path) -> None:
    chosen = composed.CHOSEN[composed.CHOSEN.index("services:") :]
    rules = PRODUCTION[PRODUCTION.index("firewall_rules:") : PRODUCTION.index("availability:")]
    text = PRODUCTION.replace(rules, "").replace("environments/production.known_hosts", "known_hosts") + chosen
    (tmp_path / "known_hosts").touch()
    cloud = composed.cloud(tmp_path, text)
    assert sum(entrance.pools(cloud).values()) > 1000
    assert {finding.rule for finding in findings(cloud)} & {"POOL", "FLOOD", "MEMORY", "TIMERS"} == set()


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("cinder: {workers: 1, overrides: {coordination: {backend_url: file:///tmp}}}", "services.cinder.overrides"),
        ("cinder: {workers: 1}\n  etcd: false", "services.etcd"),
    ],
)
def test_no_file_gives_volume_services_that_share_a_cluster_locks_of_their_own(
    tmp_path: Path, option: str, reason: str
) -> None:
    """Why there is no rule about it: Cinder's locks are always in etcd."""
    with pytest.raises(InputError, match=reason):
        composed.cloud(tmp_path, replaced(SOUND, "cinder: {workers: 1}", option))
