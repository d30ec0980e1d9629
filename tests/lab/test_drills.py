"""Failures, felt by clients that work through the virtual IP. Each prints the outage it measured."""

from __future__ import annotations

import time

from tests.lab.clients import Client, Keystone, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab

MOST = 5.0
"""Seconds a client may wait after the loss or hang of the VIP holder (the aim is 2.5)."""


def nothing_lost(writer: SqlWriter, client: Client) -> None:
    missing = set(client.felt.acknowledged) - writer.rows()
    assert not missing, f"{len(missing)} acknowledged writes are gone: {sorted(missing)[:10]}"


def move_both_to_one_node(lab: Lab) -> str:
    """The node that holds the VIP and serves the writes; a drill that hits it hits both."""
    holder = lab.holders()[0]
    if lab.writer() != holder:
        lab.on(lab.writer(), "systemctl", "restart", "mariadb")
        lab.wait_until_healthy()
    return lab.holders()[0]


def test_vip_holder_loses_power(healthy: Lab, writer: SqlWriter, keystone: Keystone) -> None:
    victim = healthy.holders()[0]
    early = keystone.issue()
    with Client(writer) as client, Client(keystone, pause=0.2) as tokens:
        assert client.wait_for_more(40, 20)
        healthy.power_cut(victim)
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
        assert tokens.wait_for_more(3, 60), tokens.felt.failures[-3:]
    healthy.note(f"VIP holder loses power (writer was {victim}): longest write outage", client.felt.outage())
    healthy.note("VIP holder loses power: longest token outage", tokens.felt.outage())
    assert client.felt.outage() <= MOST
    assert keystone.valid(early), "a token issued before is refused"
    healthy.power_on(victim)
    healthy.note("VIP holder loses power: back and well again after power-on", healthy.wait_until_healthy())
    nothing_lost(writer, client)
    healthy.apply_changes_nothing()


def test_writer_hangs(healthy: Lab, writer: SqlWriter) -> None:
    victim = healthy.writer()
    with Client(writer) as client:
        assert client.wait_for_more(40, 20)
        healthy.on(victim, "systemctl", "kill", "--signal=SIGSTOP", "mariadb")
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
        hung = client.felt.outage()
        healthy.on(victim, "systemctl", "kill", "--signal=SIGCONT", "mariadb")
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
    healthy.note("writer hangs: longest write outage", hung)
    healthy.note("writer hangs, then wakes: longest write outage of both", client.felt.outage())
    assert client.felt.outage() <= MOST
    healthy.note("writer hangs: well again after", healthy.wait_until_healthy())
    nothing_lost(writer, client)
    healthy.apply_changes_nothing()


def test_all_lose_power_at_once(healthy: Lab, writer: SqlWriter, keystone: Keystone) -> None:
    early = keystone.issue()
    with Client(writer, limit=20) as client:
        assert client.wait_for_more(40, 20)
        healthy.power_cut_all()
    began = time.monotonic()
    for node in CONTROLLERS:
        healthy.power_on(node)
    healthy.wait_until_healthy()
    healthy.note("all lose power at once: well again after power-on", time.monotonic() - began)
    nothing_lost(writer, client)
    assert keystone.valid(early), "a token issued before is refused"
    healthy.apply_changes_nothing()


def test_all_lose_power_staggered(healthy: Lab, writer: SqlWriter) -> None:
    with Client(writer, limit=30) as client:
        assert client.wait_for_more(40, 20)
        for node in CONTROLLERS:
            healthy.power_cut(node)
            time.sleep(3)
    began = time.monotonic()
    for node in CONTROLLERS:
        healthy.power_on(node)
        time.sleep(8)
    healthy.wait_until_healthy()
    healthy.note("all lose power, back staggered by 8 s: well again after the first power-on", time.monotonic() - began)
    nothing_lost(writer, client)
    healthy.apply_changes_nothing()
