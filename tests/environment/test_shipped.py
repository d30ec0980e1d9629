"""The shipped environments, with the services that there really are."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import services
from hacienda.assess import findings
from hacienda.cloud import Cloud, read
from hacienda.environment import shipped

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = shipped(ROOT)


def shipped_cloud(name: str) -> Cloud:
    return read(ENVIRONMENTS[name], services.registry())


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_it_resolves(name: str) -> None:
    cloud = shipped_cloud(name)
    assert cloud.name == name
    assert len(cloud.role("controller")) >= 2
    assert all(node.services for node in cloud.nodes)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_it_says_what_it_shows(name: str) -> None:
    assert ENVIRONMENTS[name].read_text().startswith("# ")


def test_the_lab_and_production_are_wise() -> None:
    assert findings(shipped_cloud("lab")) == ()
    assert [finding for finding in findings(shipped_cloud("production")) if finding.severity != "info"] == []


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
    assert [node.name for node in cloud.members("etcd")] == ["ctl-1", "ctl-2", "arb-1"]
