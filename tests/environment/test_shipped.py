"""The shipped environments, with the services that there really are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hacienda import services
from hacienda.assess import Subject, findings, rules
from hacienda.cloud import Cloud, read
from hacienda.environment import examine, shipped
from hacienda.environment.source import Source

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = shipped(ROOT)


def shipped_cloud(name: str) -> Cloud:
    return read(ENVIRONMENTS[name], services.registry(), rules=rules())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_it_resolves(name: str) -> None:
    cloud = shipped_cloud(name)
    assert cloud.name == name
    assert len(cloud.role("controller")) >= 2
    assert all(node.services for node in cloud.nodes)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_it_says_what_it_shows(name: str) -> None:
    assert ENVIRONMENTS[name].read_text().startswith("# ")


ASSESSED = date(2026, 11, 21)
"""A day on which what the files accept is accepted."""


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_it_has_no_unexplained_finding(name: str) -> None:
    beside = {other for other in ENVIRONMENTS if ENVIRONMENTS[other].parent == ROOT / "environments"}
    others = tuple(shipped_cloud(other) for other in sorted(beside - {name})) if name in beside else ()
    found = findings(Subject(shipped_cloud(name), ASSESSED, others))
    assert [str(finding) for finding in found if not finding.accepted] == []


def test_production_is_what_it_is_meant_to_be() -> None:
    cloud = shipped_cloud("production")
    sizes = {
        role: len(cloud.role(role)) for role in ("controller", "network", "compute", "storage", "monitoring", "arbiter")
    }
    assert sizes == {"controller": 3, "network": 3, "compute": 40, "storage": 6, "monitoring": 2, "arbiter": 0}
    assert {node.domains["rack"] for node in cloud.nodes} == {"a", "b", "c"}
    assert cloud.platform.type == "existing"


def test_large_is_large() -> None:
    cloud = shipped_cloud("large")
    assert (len(cloud.role("controller")), len(cloud.role("compute"))) == (5, 1000)
    assert {node.domains["zone"] for node in cloud.nodes} == {"north", "middle", "south"}


def test_two_nodes_vote_with_an_arbiter() -> None:
    cloud = shipped_cloud("two-node")
    for service in (service for service in cloud.services if service.voters):
        assert [node.name for node in cloud.members(service.name)] == ["ctl-1", "ctl-2", "arb-1"]
    assert [node.name for node in cloud.servers("galera")] == ["ctl-1", "ctl-2"]
    assert not {"haproxy", "keepalived", "keystone", "memcached"} & set(cloud.node("arb-1").services)


WEIRD: tuple[object, ...] = (
    "big",
    "",
    -1,
    0,
    1.5,
    10**17,
    True,
    None,
    [],
    [1],
    {"a": 1},
    "10.0.0.0/33",
    "12Xi",
    "x y",
    "a;b",
)


@pytest.mark.parametrize("service", services.registry().names())
def test_weird_service_options_are_accepted_or_refused_in_plain_words(service: str) -> None:
    for option in services.registry()[service].options.model_fields:
        for value in WEIRD:
            data = {
                "name": "x",
                "networks": {"management": {"cidr": "10.0.0.0/24", "vip": "10.0.0.5"}},
                "machines": {"controller": 3},
                "services": {service: {option: value}},
            }
            reading = examine(data, Source("x.yaml", {}), services.registry())
            for problem in reading.problems:
                assert problem.where.startswith(f"services.{service}.{option}")
                assert "is refused:" not in problem.reason
                assert problem.fix
