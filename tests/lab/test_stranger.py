"""A container on the management network that is no machine of the cloud: nothing answers it, and nothing goes down."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda import lab as host
from hacienda.cloud.model import Cloud
from hacienda.declare.network import CONTROL
from hacienda.lab import command
from hacienda.review.validation import scratch
from tests import shipped
from tests.lab.clients import SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab
from tests.lab.test_boundaries import working

PROGRAM = Path(__file__).parent / "attacks/stranger.py"
PROJECT = f"--project={scratch.PROJECT}"


@pytest.fixture(name="resolved", scope="module")
def _resolved() -> Cloud:
    return cloud.read(shipped.ROOT / "environments/lab.yaml", services.registry())


@pytest.fixture(name="stranger")
def _stranger(healthy: Lab, resolved: Cloud) -> Iterator[tuple[str, IPv4Address]]:
    """A container of the lab's image with a card on the machines' own bridge, and its address there."""
    name, own = f"stranger-{secrets.token_hex(4)}", resolved.management.cidr[-3]
    (node,) = json.loads(healthy.incus("list", f"^{CONTROLLERS[0]}$", "--format", "json"))
    bridge = node["expanded_devices"]["eth0"]["parent"]
    where, image = host.Lab(), host.build(resolved.packages)
    command.incus(
        where, "init", image, name, PROJECT, "--ephemeral", "--config=raw.lxc=lxc.init.cmd = /usr/bin/sleep 600"
    )
    try:
        command.incus(
            where, "config", "device", "add", name, "eth0", "nic", "nictype=bridged", f"parent={bridge}", PROJECT
        )
        command.incus(where, "start", name, PROJECT)
        lines = (
            f"address add {own}/{resolved.management.cidr.prefixlen} dev eth0",
            "link set eth0 up",
            "route add default dev eth0",  # for multicast
        )
        for line in lines:
            command.incus(where, "exec", name, PROJECT, "--", "ip", *line.split())
        yield name, own
    finally:
        command.incus(where, "delete", "--force", name, PROJECT)


def test_nothing_answers_a_stranger_and_nothing_goes_down(
    healthy: Lab, writer: SqlWriter, resolved: Cloud, stranger: tuple[str, IPv4Address]
) -> None:
    name, own = stranger
    (vip,) = resolved.virtual_ips
    nodes = [str(resolved.address(node)) for node in resolved.role("controller")]
    control = {p.number for s in resolved.services for p in s.ports if p.clients in CONTROL and p.protocol == "tcp"}
    assert {11211, 2379, 2380, 4567, 4568, 4444, 4369, 25672, 9200} <= control
    plan = {
        "own": str(own),
        "gateway": str(resolved.management.gateway or resolved.management.cidr[1]),
        "nodes": nodes,
        "vip": str(vip.address),
        "router_id": vip.router_id,
        "tcp": sorted(control),
        "behind": sorted(s.port(front.port).number for s in resolved.services for front in s.frontends),
    }
    holders = healthy.holders()
    ways = [healthy.on(node, "ip", "route", "get", "198.18.0.99") for node in CONTROLLERS]
    with working(healthy, writer):
        said = command.incus(
            host.Lab(), "exec", name, PROJECT, "--", "python3", "-", json.dumps(plan), stdin=PROGRAM.read_text()
        )
        found = json.loads(said.splitlines()[-1])
        print(f"\nthe stranger's harvest: {found}", flush=True)
        assert healthy.holders() == holders
    assert found == {"answering": [], "broker": []}
    assert healthy.holders() == holders
    assert [healthy.on(node, "ip", "route", "get", "198.18.0.99") for node in CONTROLLERS] == ways
