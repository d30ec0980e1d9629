"""Nodes over real SSH: trust, sharing of the connection, and an installation that outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import lab as host
from hacienda.remote import connections, ssh
from hacienda.remote.node import Node
from hacienda.remote.transport import Address, UnreachableError
from tests.lab.cloud import Lab


@pytest.fixture
def address(healthy: Lab) -> Iterator[Address]:
    """How ctl-1 is reached."""
    key = healthy.root / ".hacienda/lab/secrets/ssh/id_ed25519"
    trust = f"incus:{host.socket_path()}?project={healthy.project}"
    yield Address("ctl-1", "10.77.0.11", trust, identity_file=str(key))
    connections.close_all()


def test_the_key_comes_from_incus_and_the_connection_is_shared(address: Address) -> None:
    transport = connections.connect(address)
    assert transport.run("cat", b"over standard input").output == b"over standard input"
    assert transport.run("exit 7").code == 7
    status = Node(transport).status()
    assert status is not None
    assert status.converged


def test_a_machine_with_another_key_is_not_talked_to(address: Address, tmp_path: Path) -> None:
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    kind, key = other.with_suffix(".pub").read_text().split()[:2]
    (tmp_path / "known_hosts").write_text(f"{address.host} {kind} {key}\n")
    impostor = Address(
        "ctl-1", address.host, f"known_hosts:{tmp_path}/known_hosts", identity_file=address.identity_file
    )
    with pytest.raises(UnreachableError) as raised:
        connections.connect(impostor).run("true")
    assert "Host key verification failed" in str(raised.value)


def test_what_runs_in_a_unit_outlives_the_connection(address: Address) -> None:
    transport = connections.connect(address)
    mark = f"/run/hacienda-test-{os.getpid()}"
    transport.run(f"systemd-run --quiet --collect --unit=hacienda-test-{os.getpid()} sh -c 'sleep 2; touch {mark}'")
    masters = subprocess.run(["pgrep", "-f", f"ssh: {ssh.folder()}"], capture_output=True, text=True, check=False)
    assert masters.stdout, "no connection is kept"
    for pid in masters.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
    time.sleep(3)
    assert transport.run(f"rm {mark}").code == 0
