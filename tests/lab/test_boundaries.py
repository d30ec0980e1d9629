"""What a taken-over daemon, or a stranger on the management network, can do in a cloud that works: nothing beyond its own.

Each case is a program of the attacker's, run on a node as one of the users that daemons have there. It plants what it can where
that user may write; then the cloud works for a few rounds of its own timers, with numbered writes through the virtual IP all the
while.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from hacienda import cloudinit, services
from hacienda.cloud import read as read_cloud
from tests.lab.clients import Client, SqlWriter
from tests.lab.cloud import CONTROLLERS, Lab
from tests.services import boundaries, rogue_server
from tests.shipped import ROOT

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


def users(lab: Lab) -> list[str]:
    """Every user that a daemon of some service here has."""
    return sorted(set[str]().union(*(boundaries.users(declared) for declared in lab.cloud().services)))


def test_no_service_user_becomes_root(healthy: Lab, writer: SqlWriter) -> None:
    """All of them at once, on one machine: links, texts and races in each folder that one may write."""
    node = CONTROLLERS[-1]
    program = (ATTACKS / "become_root.py").read_text()
    healthy.on(node, "sh", "-c", f"rm -f {MARK}*")
    found = users(healthy)
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


def needles(store: Mapping[str, str]) -> dict[str, str]:
    """Digest of each line of a secret that is long enough to be one -> the secret's name."""
    return {
        hashlib.sha256(line.encode()).hexdigest(): name
        for name, value in store.items()
        for line in value.splitlines()
        if len(line) >= 20 and not line.startswith("-----") and not name.endswith(("cert.pem", "ca.pem"))
    }


def own_secrets(user: str) -> set[str]:
    """Secrets of the services that have a daemon of this user, as the store names them on any node."""
    cloud = read_cloud(ROOT / "environments/lab.yaml", services.registry())
    outputs = [cloudinit.render(cloud, node, "") for node in cloud.nodes]
    own = {declared.name for declared in cloud.services if user in boundaries.users(declared)}
    return {name for output in outputs for file in output.files if file.service in own for name in file.secrets}


def test_what_a_service_user_can_read_opens_nothing_else(healthy: Lab, writer: SqlWriter) -> None:
    """Each user of a daemon, with every key that it can read: it does not write etcd, does not answer as the API, and has no secret
    of another service."""
    node, store = CONTROLLERS[-1], dict(healthy.store)
    given = {
        "name": f"internal.{healthy.on(node, 'hostname', '-d').strip()}",
        "authority": healthy.ca().read_text(),
        "etcd": [healthy.address(one) for one in CONTROLLERS],
        "secrets": needles(store),
    }
    program = (ATTACKS / "use_keys.py").read_text()
    there = [
        user for user in users(healthy) if healthy.on(node, "sh", "-c", f"id -u {user} 2>/dev/null || true").strip()
    ]
    with working(healthy, writer), ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda user: run_as(healthy, node, user, program, json.dumps(given)), there))
    for user, text in zip(there, said, strict=True):
        got = json.loads(text)
        print(f"{user} got: {text}", flush=True)
        opened = {opening for openings in got["keys"].values() for opening in openings} | set(got["without a key"])
        # etcd's own user holds etcd's data; its keys are those of a member and of the gateway, which is a client of the member.
        assert opened <= ({"etcd", "etcd's members"} if user == "etcd" else set()), f"{user}: {got['keys']}"
        seen = {name for names in got["secrets"].values() for name in names}
        own = own_secrets(user)
        named = {name.removeprefix(f"nodes/{node}/") for name in seen}
        # A repository of keys is one secret, and the store names each key.
        strangers = {name for name in named if not {name, name.rpartition("/")[0]} & own}
        assert not strangers, f"{user} reads {strangers}"
    assert {"etcd", "mysql", "rabbitmq", "keystone", "haproxy", "galera-check"} <= set(there)
    etcd = healthy.on(node, "id", "-u", "etcd").strip()
    keys = "etcd get --prefix --keys-only /hacienda/attack"
    clear = f"{keys}; etcd del --prefix /hacienda/attack >/dev/null"
    assert healthy.on(node, "bash", "-c", f". /usr/lib/hacienda/lib.sh; {clear}").split() == [
        f"/hacienda/attack/{etcd}"
    ]
