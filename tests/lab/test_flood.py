"""A stranger floods the public front end; what others do goes on, and the virtual IP stays where it is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from statistics import median

import pytest

from hacienda.services import keystone as identity
from tests.lab.clients import Client, Keystone, SqlWriter
from tests.lab.cloud import Lab

CONNECTIONS = 2000
STRANGER = "10.77.0.251"
"""An address of this machine beside the one that its clients come from; no node has it."""

USUAL_SECONDS = 12
SLOWER = 1.0
"""Seconds by which an operation may take longer than usual."""


class Timed:
    """An operation, and how long each that succeeded took.

    Args:
        operation: what is done, with a running number.
    """

    def __init__(self, operation: Callable[[int], object]) -> None:
        self._operation = operation
        self.seconds: list[float] = []

    def __call__(self, number: int) -> None:
        began = time.monotonic()
        self._operation(number)
        self.seconds.append(time.monotonic() - began)


def validation(keystone: Keystone) -> Callable[[int], None]:
    token = keystone.issue()

    def validate(_: int) -> None:
        assert keystone.valid(token), "a valid token is refused"

    return validate


@contextmanager
def another_address(address: str, vip: str) -> Iterator[None]:
    """This machine has one more address on the cloud's bridge."""
    way = json.loads(subprocess.run(["ip", "-json", "route", "get", vip], check=True, capture_output=True).stdout)
    device = str(way[0]["dev"])
    subprocess.run(["ip", "address", "add", f"{address}/32", "dev", device], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "delete", f"{address}/32", "dev", device], check=True)


def worked(operations: Mapping[str, Callable[[int], object]], seconds: float) -> dict[str, tuple[Client, Timed]]:
    """Clients that do these side by side for so long."""
    pauses = {"write": 0.1, "token": 2.0, "validation": 0.5}
    timed = {what: Timed(operation) for what, operation in operations.items()}
    clients = {what: Client(one, pause=pauses[what]) for what, one in timed.items()}
    with ExitStack() as stack:
        for client in clients.values():
            stack.enter_context(client)
        time.sleep(seconds)
    return {what: (clients[what], timed[what]) for what in operations}


def moves(lab: Lab, since: str) -> int:
    """How often a virtual IP was taken since then."""
    journals = (
        lab.on(node, "journalctl", "--unit=keepalived", f"--since=@{since}", "--output=cat") for node in lab.nodes
    )
    return sum(journal.count("Entering MASTER STATE") for journal in journals)


@pytest.mark.parametrize("seconds", [30, pytest.param(120, marks=pytest.mark.long)])
def test_slow_and_silent_connections_take_nothing_from_others(
    healthy: Lab, writer: SqlWriter, keystone: Keystone, seconds: int
) -> None:
    # Numbers must not repeat: they are the rows' identifiers.
    rows = iter(range(1, 1_000_000))
    operations: dict[str, Callable[[int], object]] = {
        "write": lambda _: writer(next(rows)),
        "token": keystone,
        "validation": validation(keystone),
    }
    holder, began = healthy.holders(), str(int(time.time()))
    usual = worked(operations, USUAL_SECONDS)
    with another_address(STRANGER, healthy.vip):
        port = str(identity.service.port("api").number)
        command = [sys.executable, "-m", "tests.lab.flood", healthy.vip, port, STRANGER, str(CONNECTIONS), str(seconds)]
        with subprocess.Popen(command, cwd=healthy.root, stdout=subprocess.PIPE, text=True) as flood:
            try:
                under = worked(operations, seconds)
            finally:
                said, _ = flood.communicate(timeout=seconds + 60)
    fate = json.loads(said)
    print(f"\n{CONNECTIONS} slow and silent connections from one address for {seconds} s: {fate}")
    assert fate["opened"] + fate["failed"] > CONNECTIONS, "it was no flood"
    for what, (client, timed) in under.items():
        before, now = usual[what][1].seconds, timed.seconds
        label = f"{CONNECTIONS} slow and silent connections for {seconds} s: {what}"
        healthy.note(f"{label}, usual median", median(before))
        healthy.note(f"{label}, median meanwhile", median(now))
        healthy.note(f"{label}, longest meanwhile", max(now))
        assert client.felt.failures == [], what
        assert median(now) <= median(before) + SLOWER, what
    assert healthy.holders() == holder
    assert moves(healthy, began) == 0, "the virtual IP moved"
    assert set(range(1, next(rows))) == writer.rows(), "an acknowledged write is gone"
    healthy.wait_until_healthy()
