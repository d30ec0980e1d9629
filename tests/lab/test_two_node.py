"""Two controllers and an arbiter: any one of the three may go, and clients hardly notice. A cloud of its own, gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import Lab
from tests.lab.test_drills import MOST, nothing_lost

pytestmark = pytest.mark.long

ENVIRONMENT = """\
name: pair
platform: incus
networks:
  management: {cidr: 10.79.0.0/24, vip: 10.79.0.10}
machines:
  controller: 2
  arbiter: 1
"""
CONTROLLERS = ("ctl-1", "ctl-2")
ARBITER = "arb-1"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The cloud, in a project folder of its own."""
    root = tmp_path_factory.mktemp("two-node")
    (root / "environments").mkdir()
    (root / "environments/pair.yaml").write_text(ENVIRONMENT)
    pair = Lab(root, "pair", "10.79.0.10", (*CONTROLLERS, ARBITER))
    try:
        pair.up()
        yield pair
        pair.report()
    finally:
        pair.hacienda("lab", "down", "pair", "--yes")


@pytest.fixture
def pair(running: Lab) -> Lab:
    """The same, every promise of it kept."""
    running.wait_until_healthy()
    return running


@pytest.fixture
def writer(pair: Lab) -> SqlWriter:
    """A client that writes through the virtual IP."""
    return pair.sql_writer()


def test_three_vote_and_two_serve(pair: Lab) -> None:
    services = {name: node["services"] for name, node in pair.status()["nodes"].items()}
    assert pair.status()["groups"]["galera"] == {"well": 3, "declared": 3}
    assert services[ARBITER]["galera"]["detail"] == "votes, 3/3"
    assert services["ctl-1"]["galera"]["detail"] == "Primary, Synced, 3/3"
    assert services[ARBITER]["rabbitmq"]["detail"] == "3/3 running, quorum queue 3/3"
    processes = pair.on(ARBITER, "ps", "-eo", "comm").split()
    assert "garbd" in processes and "mariadbd" not in processes
    assert pair.holders()[0] in CONTROLLERS


def test_a_controller_loses_power(pair: Lab, writer: SqlWriter) -> None:
    victim = pair.writer()
    with Client(writer) as client:
        assert client.wait_for_more(40, 20)
        pair.power_cut(victim)
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
    pair.note(f"two nodes: writer ({victim}) loses power: longest write outage", client.felt.outage())
    assert client.felt.outage() <= MOST
    pair.power_on(victim)
    pair.note("two nodes: writer loses power: well again after power-on", pair.wait_until_healthy())
    nothing_lost(writer, client)


def test_the_arbiter_loses_power(pair: Lab, writer: SqlWriter) -> None:
    with Client(writer) as client:
        assert client.wait_for_more(40, 20)
        pair.power_cut(ARBITER)
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
        pair.power_on(ARBITER)
        pair.note("two nodes: arbiter loses power: well again after power-on", pair.wait_until_healthy())
        assert client.wait_for_more(20, 20), client.felt.failures[-3:]
    pair.note("two nodes: arbiter loses power and returns: longest write outage", client.felt.outage())
    assert client.felt.outage() <= MOST
    nothing_lost(writer, client)


def test_an_arbiter_that_was_left_alone_steps_aside(pair: Lab, writer: SqlWriter) -> None:
    with Client(writer, limit=3) as client:
        assert client.wait_for_more(20, 20)
    for node in CONTROLLERS:
        pair.on(node, "systemctl", "stop", "mariadb")
    assert pair.on(ARBITER, "systemctl", "is-active", "garb").strip() == "active"
    for node in CONTROLLERS:
        pair.on(node, "systemctl", "restart", "--no-block", "hacienda-galera")
    pair.note("two nodes: both servers stopped in order, started again: well after", pair.wait_until_healthy())
    nothing_lost(writer, client)


def test_all_lose_power_at_once(pair: Lab, writer: SqlWriter) -> None:
    with Client(writer, limit=20) as client:
        assert client.wait_for_more(40, 20)
        pair.power_cut_all()
    began = time.monotonic()
    for node in pair.nodes:
        pair.power_on(node)
    pair.wait_until_healthy()
    pair.note("two nodes: all lose power at once: well again after power-on", time.monotonic() - began)
    nothing_lost(writer, client)
    pair.apply_changes_nothing()
