"""The step that moves the running instance to another compute."""

from __future__ import annotations

import itertools
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hacienda.operate.journey import instance, reach
from hacienda.operate.journey.faults import LeftOutError, StepError
from hacienda.operate.journey.traveller import Traveller

SECONDS = 300
"""Patience for a live migration. An emulated guest of 128 MiB takes some 10 s."""

EVERY = 0.2
"""Seconds between two pings: the shortest interval that ping allows every user."""

_STAMP = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from", re.MULTILINE)


def migrate(traveller: Traveller) -> str:
    """Move the instance while it is pinged, and ask it again afterwards."""
    nova, server = traveller.admin.compute, traveller.made["server"]
    alive = [one for one in nova.services(binary="nova-compute") if one.status == "enabled" and one.state == "up"]
    if len(alive) < 2:
        raise LeftOutError(f"it needs two computes that are up and enabled; there is {len(alive)}")
    before = instance.host_of(traveller)
    with _pinged(traveller.facts.get("address")) as answers:
        nova.live_migrate_server(server.id, block_migration="auto")

        def ask() -> Any:
            found = nova.get_server(server.id)
            traveller.says(f"{found.status}, {found.task_state or 'no task'}, on {found.compute_host}")
            return found

        found = traveller.wait(
            "the live migration has not ended",
            ask,
            lambda one: one.status != "MIGRATING" and one.task_state is None,
            SECONDS,
            "nova-compute's and libvirt's journals on both computes say why.",
        )
        time.sleep(2 * EVERY)
    after = instance.host_of(traveller)
    if found.status != "ACTIVE" or after == before:
        raise StepError(
            f"the instance is {found.status} on {after} after a live migration from {before}{_state(traveller)}",
            "nova-compute's and libvirt's journals on both computes say why.",
        )
    traveller.facts["host"] = after
    said = f"{before} -> {after}"
    if "address" in traveller.facts and traveller.image.answers:
        reach.http(traveller)
    gap = longest(answers)
    return f"{said}, {gap:.1f} s without an answer to ping" if gap is not None else said


def _state(traveller: Traveller) -> str:
    """What Nova recorded about the migration."""
    found = list(traveller.admin.compute.migrations(instance_uuid=traveller.made["server"].id))
    return f": {found[0].status}" if found else ""


@contextmanager
def _pinged(address: str | None) -> Iterator[list[float]]:
    """Ping an address meanwhile; the list gets the times of the answers at the end."""
    answers: list[float] = []
    try:
        command = ["ping", "-n", "-D", "-i", str(EVERY), str(address)]
        pinging = (
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) if address else None
        )
    except FileNotFoundError:
        pinging = None
    try:
        yield answers
    finally:
        if pinging is not None:
            pinging.terminate()
            text, _ = pinging.communicate()
            answers += stamps(text)


def stamps(text: str) -> list[float]:
    """Times of the answers in the output of `ping -D`."""
    return [float(found) for found in _STAMP.findall(text)]


def longest(answers: list[float]) -> float | None:
    """The longest time between two answers, in seconds; None: there are fewer than two."""
    gaps = [later - earlier for earlier, later in itertools.pairwise(answers)]
    return max(gaps, default=None)
