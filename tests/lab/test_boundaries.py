"""What a taken-over daemon, or a stranger on the management network, can do in a cloud that works: nothing beyond its own.

Each case is a program of the attacker's, run on a node as one of the users that daemons have there. It plants what it can where
that user may write; then the cloud works for a few rounds of its own timers, with numbered writes through the virtual IP all the
while.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda import services
from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab
from tests.services import boundaries

ROUNDS_SECONDS = 45
"""The watchdogs look every three seconds, verify runs each time that somebody asks; etcd's locks are renewed every fifteen."""

MARK = "/root-was-here"
"""What an attack makes as root, if it can; in the root folder, where nobody else may."""

ATTACKS = Path(__file__).parent / "attacks"


@contextmanager
def working(lab: Lab, writer: SqlWriter) -> Iterator[None]:
    """A cloud with clients, which are served all the while, and which is well afterwards."""
    with Client(writer) as client:
        assert client.wait_for_more(40, 20), client.felt.failures[-3:]
        yield
        assert client.wait_for_more(40, 30), client.felt.failures[-3:]
    lost = set(client.felt.acknowledged) - writer.rows()
    assert not lost, f"{len(lost)} acknowledged writes are gone"
    lab.wait_until_healthy()


def run_as(lab: Lab, node: str, user: str, program: str, *arguments: str) -> str:
    """What a program in Python says that runs on a node as a daemon's user, with what that user's groups may read."""
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--", "python3", "-", *arguments]
    return lab.on(node, *command, stdin=program, timeout=120)


def users() -> list[str]:
    """Every user that a daemon of some service has."""
    return sorted(set[str]().union(*(boundaries.users(declared) for declared in services.registry())))


@pytest.mark.parametrize("user", users())
def test_no_service_user_becomes_root(healthy: Lab, writer: SqlWriter, user: str) -> None:
    node = CONTROLLERS[-1]
    program = (ATTACKS / "become_root.py").read_text()
    healthy.on(node, "rm", "-f", MARK)
    with working(healthy, writer):
        planted = run_as(healthy, node, user, program, "plant", MARK)
        print(f"{user} planted:\n{planted}", flush=True)
        try:
            for command in ("hacienda-verify", "hacienda-diagnose"):
                healthy.on(node, "sh", "-c", f"/usr/lib/hacienda/{command} || true", timeout=120)
            time.sleep(ROUNDS_SECONDS)
            for unit in ("galera", "rabbitmq", "keystone"):
                healthy.on(node, "systemctl", "restart", f"hacienda-{unit}.service", timeout=600)
            made = healthy.on(node, "sh", "-c", f"ls -l {shlex.quote(MARK)}* 2>/dev/null || true")
        finally:
            run_as(healthy, node, user, program, "remove", MARK)
    assert not made, f"{user} became root: {made}"
