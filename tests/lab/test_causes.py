"""`hacienda status` names the cause; a cause is made, seen and mended while clients work."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import pytest

from tests.lab import faults
from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab

UNDISTURBED = 5.0
"""Seconds that a client may wait. Nothing that these tests do may be felt (0.1 to 0.3 s on a quiet machine), but this machine may
be busy with other things."""


def of(status: dict[str, Any], node: str) -> dict[str, str]:
    """What is wrong with a machine, kind -> words."""
    return {fault["kind"]: fault["what"] for fault in status["nodes"][node]["faults"]}


def bystander(lab: Lab) -> str:
    """A machine that neither holds the virtual IP nor serves the writes."""
    return next(node for node in CONTROLLERS if node not in (*lab.holders(), lab.writer()))


def test_disk_clock_certificate_and_daemon_are_named(healthy: Lab, writer: SqlWriter) -> None:
    node = bystander(healthy)
    holder = healthy.holders()[0]
    with Client(writer) as client, ExitStack() as wrong:
        assert client.wait_for_more(20, 20)
        began = time.monotonic()
        wrong.enter_context(faults.little_room(healthy, node))
        wrong.enter_context(faults.wrong_clock(healthy, node, 3600))
        wrong.enter_context(faults.expired(healthy, node, "/etc/haproxy/tls/cert.pem"))
        wrong.enter_context(faults.stopped(healthy, holder, "chrony.service"))
        status = healthy.status()
        shown = healthy.hacienda("status", "lab", check=False).stdout
        wrong.close()
        took = time.monotonic() - began
        assert client.wait_for_more(20, 20)
    found = of(status, node)
    assert "is full: it does not accept 64 MiB more" in found["storage"]
    assert "behind the time servers (10.77.0.1)" in found["clock"]
    assert "/etc/haproxy/tls/cert.pem expired 3 days ago" in found["certificate"]
    assert "chrony.service is not running" in of(status, holder)["daemon"]
    words = " ".join(shown.split())
    assert "is full: it does not accept 64 MiB more" in words
    assert "make room" in words
    # A member that is well counts, whatever else is wrong with its machine.
    assert status["groups"]["etcd"] == {"well": 3, "declared": 3}
    assert client.felt.outage() <= UNDISTURBED, "the clients felt it"
    healthy.note("disk, clock, certificate and daemon made wrong, named and mended", took)
    healthy.note("... meanwhile: longest write outage", client.felt.outage())
    healthy.wait_until_healthy()
    assert [of(healthy.status(), name) for name in CONTROLLERS] == [{}, {}, {}]
    healthy.apply_changes_nothing()


@pytest.mark.long  # what the first test shows without filling anything
def test_a_disk_that_is_full_is_named_while_its_services_fail(healthy: Lab, writer: SqlWriter) -> None:
    node = bystander(healthy)
    with Client(writer) as client:
        assert client.wait_for_more(20, 20)
        with faults.little_room(healthy, node):
            healthy.on(
                node, "sh", "-c", "dd if=/dev/zero of=/var/lib/fill bs=64k status=none; sync /var/lib/fill || true"
            )
            time.sleep(20)
            status = healthy.status()
            healthy.on(node, "rm", "-f", "/var/lib/fill")
        assert client.wait_for_more(20, 60), client.felt.failures[-3:]
    assert "is full" in of(status, node)["storage"]
    first = next(one for one in status["problems"] if one["node"] == node)
    assert "is full" in first["what"], "the cause comes first"
    healthy.note("disk of a bystander full: longest write outage", client.felt.outage())
    healthy.note("disk of a bystander full: well again after there is room", healthy.wait_until_healthy())
    assert set(client.felt.acknowledged) <= writer.rows()
