"""Adding, removing or replacing a machine changes nothing about the others; resolving twice gives the same."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hacienda.cloud import Cloud, Node, resolve
from hacienda.environment import examine
from hacienda.environment.source import Source
from hacienda.errors import InputError
from tests.cloud.samples import REGISTRY

ROLES = ("controller", "network", "compute", "storage", "monitoring", "arbiter")
LIMITS = {"controller": 25, "network": 15, "compute": 120, "storage": 15, "monitoring": 6, "arbiter": 6}


@st.composite
def groups(draw: st.DrawFn) -> dict[str, Any]:
    """Machine groups of all shapes that fit a /24."""
    found: dict[str, Any] = {}
    for role in ROLES:
        count = draw(st.integers(1 if role in ("controller", "compute") else 0, LIMITS[role]))
        gone = draw(st.lists(st.integers(2, count), unique=True, max_size=4)) if count >= 2 else []
        named = draw(st.integers(0, 3))
        nodes = {f"{role[:3]}x{n}": {"number": count + 1 + n, "rack": "r1"} for n in range(named)}
        found[role] = {"count": count, "without": gone, "nodes": nodes, "spread": "zone", "domains": ["u", "v", "w"]}
    return found


def cloud_of(machines: dict[str, Any]) -> Cloud:
    data = {
        "name": "p",
        "networks": {
            "management": {"cidr": "10.77.0.0/24", "vip": "10.77.0.5"},
            "storage": {"cidr": "10.80.0.0/20"},
        },
        "machines": machines,
    }
    reading = examine(data, Source("p.yaml", {}), REGISTRY)
    if reading.problems:
        raise InputError(reading.problems)
    return resolve(reading.environment, REGISTRY)


def others(cloud: Cloud, *names: str) -> dict[str, Node]:
    return {node.name: node for node in cloud.nodes if node.name not in names}


@given(groups())
def test_resolution_is_deterministic(machines: dict[str, Any]) -> None:
    assert cloud_of(machines) == cloud_of(json.loads(json.dumps(machines)))


@given(groups())
def test_the_order_of_the_file_means_nothing(machines: dict[str, Any]) -> None:
    turned = {
        role: {**group, "nodes": dict(reversed(group["nodes"].items())), "without": group["without"][::-1]}
        for role, group in reversed(machines.items())
    }
    assert cloud_of(machines) == cloud_of(turned)


@given(groups(), st.sampled_from(ROLES))
def test_adding_a_machine_changes_no_other(machines: dict[str, Any], role: str) -> None:
    group = {**machines[role], "nodes": {}}
    before = cloud_of({**machines, role: group})
    after = cloud_of({**machines, role: {**group, "count": group["count"] + 1}})
    added = {node.name for node in after.nodes} - {node.name for node in before.nodes}
    assert len(added) <= 1
    assert others(before) == others(after, *added)


@given(groups(), st.data())
def test_taking_a_machine_out_of_the_middle_changes_no_other(machines: dict[str, Any], data: st.DataObject) -> None:
    before = cloud_of(machines)
    counted = [n for n in before.nodes if n.number <= machines[n.role]["count"] and n.name[-2] != "x" and n.number > 1]
    if not counted:
        return
    gone = data.draw(st.sampled_from(counted))
    group = machines[gone.role]
    after = cloud_of({**machines, gone.role: {**group, "without": [*group["without"], gone.number]}})
    assert others(before, gone.name) == others(after)
    assert cloud_of(machines) == before, "and back: it gets its name and addresses again"


@given(groups(), st.sampled_from(ROLES))
def test_removing_a_named_machine_changes_no_other(machines: dict[str, Any], role: str) -> None:
    before = cloud_of(machines)
    nodes = dict(machines[role]["nodes"])
    if not nodes:
        return
    name, _ = nodes.popitem()
    after = cloud_of({**machines, role: {**machines[role], "nodes": nodes}})
    assert others(before, name) == others(after)


@given(groups())
def test_addresses_and_names_are_unique_and_ours(machines: dict[str, Any]) -> None:
    cloud = cloud_of(machines)
    for network in cloud.networks:
        used = [node.addresses[network.name] for node in cloud.nodes if network.name in node.addresses]
        assert len(set(used)) == len(used)
        assert all(network.addressable[0] <= address <= network.addressable[1] for address in used)
    assert len({node.name for node in cloud.nodes}) == len(cloud.nodes)
