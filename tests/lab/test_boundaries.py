"""What a taken-over daemon, or a stranger on the management network, can do in a cloud that works: nothing beyond its own.

Each case is a program of the attacker's, run on a node as one of the users that daemons have there. It plants what it can where
that user may write; then the cloud works for a few rounds of its own timers, with numbered writes through the virtual IP all the
while.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda import services
from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab
from tests.services import boundaries, rogue_server

ROUNDS_SECONDS = 15
"""The watchdogs look every three seconds."""

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


def test_no_service_user_becomes_root(healthy: Lab, writer: SqlWriter) -> None:
    """All of them at once, on one machine: links, texts and races in each folder that one may write."""
    node = CONTROLLERS[-1]
    program = (ATTACKS / "become_root.py").read_text()
    healthy.on(node, "sh", "-c", f"rm -f {MARK}*")
    found = users()
    try:
        with working(healthy, writer):
            for user in found:
                print(f"{user} planted:\n{run_as(healthy, node, user, program, 'plant', MARK)}", flush=True)
            healthy.on(
                node,
                "sh",
                "-c",
                "for each in verify diagnose assumptions; do /usr/lib/hacienda/hacienda-$each; done; true",
            )
            time.sleep(ROUNDS_SECONDS)
            units = [f"hacienda-{name}.service" for name in ("etcd", "galera", "rabbitmq", "keystone")]
            healthy.on(node, "systemctl", "restart", *units, timeout=300)
            made = healthy.on(node, "sh", "-c", f"ls -l {MARK}* 2>/dev/null; true")
            for user in found:
                run_as(healthy, node, user, program, "remove", MARK)
    finally:
        for user in found:
            run_as(healthy, node, user, program, "remove", MARK)
    assert not made, f"somebody became root: {made}"


@pytest.mark.parametrize("mode", ["rows", "file"])
def test_a_database_server_gets_nothing_out_of_roots_client(healthy: Lab, mode: str) -> None:
    """The client of the scripts, with their options, at a server that answers with commands, or asks for a file of root's."""
    node = CONTROLLERS[-1]
    places = {"socket": "/run/mysqld/rogue.sock", "mark": MARK, "loot": "/run/mysqld/loot"}
    values = [f"x' \\! id >{MARK} #\nsystem id >{MARK}\n"] if mode == "rows" else ["/etc/shadow", places["loot"]]
    program = Path(rogue_server.__file__).read_text()
    command = [
        "setpriv",
        "--reuid=mysql",
        "--regid=mysql",
        "--clear-groups",
        "--",
        "python3",
        "-",
        places["socket"],
        mode,
        *values,
    ]
    ask = (
        ". /usr/lib/hacienda/lib.sh; . /usr/lib/hacienda/galera/common.sh; "
        f'client=("${{client[@]/--socket=*/--socket={places["socket"]}}}"); '
        f"for _ in $(seq 50); do [ ! -S {places['socket']} ] || break; sleep 0.2; done; sleep 1; "
        'sql "SELECT 1"; sql "SELECT 1" | "${client[@]}"; true'
    )

    def serve() -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # ended by `timeout`
            healthy.on(node, "timeout", "20", *command, stdin=program)

    threading.Thread(target=serve, daemon=True).start()
    said = healthy.on(node, "bash", "-c", ask)
    made = healthy.on(
        node,
        "sh",
        "-c",
        f"ls -l {MARK} {places['loot']} 2>/dev/null; rm -f {' '.join(places.values())} /run/mysqld/rogue.*; true",
    )
    assert not made, made
    assert (mode == "file") is ("\\!" not in said), "the server did not answer"
