"""examples/own-stack, as somebody would use it: its own folder, the CDK's command line, a real database behind a VIP."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hacienda import lab as host
from tests.lab.cdk_cli import CDKTN
from tests.lab.clients import Client
from tests.lab.cloud import HEALTHY_WITHIN, Lab

ENVIRONMENT = "database"


@pytest.fixture
def folder(lab: Lab, tmp_path: Path) -> Iterator[Path]:
    """A copy of the example; its machines run beside the lab's."""
    shutil.copytree(lab.root / "examples/own-stack", tmp_path / "own-stack")
    host.prepare(ENVIRONMENT)
    yield tmp_path / "own-stack"
    host.teardown(ENVIRONMENT)


def cdk(folder: Path, command: str, **environment: str) -> str:
    """`cdktn COMMAND --auto-approve`; its output.

    Raises:
        AssertionError: it failed; carries the output.
    """
    done = CDKTN.run(folder, command, "--auto-approve", environment=environment)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def members(own: Lab) -> int:
    """Size of the Galera cluster; 0: the server asked does not answer yet, its machine has power again since a moment ago."""
    try:
        return int(own.sql("SHOW STATUS LIKE 'wsrep_cluster_size'").split()[1])
    except subprocess.CalledProcessError:
        return 0


def test_own_stack_is_deployed_survives_a_power_cut_and_is_destroyed(lab: Lab, folder: Path) -> None:
    output = cdk(folder, "deploy")
    assert "database.hacienda.internal:3306" in output or "10.78.0.10:3306" in output, output[-1500:]
    own = Lab(folder, ENVIRONMENT, "10.78.0.10")
    writer = own.sql_writer()
    with Client(writer) as client:
        assert client.wait_for_more(40, 20), client.felt.failures[-3:]
        own.power_cut(own.holders()[0])
        assert client.wait_for_more(100, 60), client.felt.failures[-3:]
    lab.note("own-stack, VIP holder loses power: longest write outage", client.felt.outage())
    assert set(client.felt.acknowledged) <= writer.rows()
    cdk(folder, "deploy")  # powers it on again
    end = time.monotonic() + HEALTHY_WITHIN
    while (count := members(own)) != 3 and time.monotonic() < end:
        time.sleep(1)
    assert count == 3
    assert "No changes" in cdk(folder, "deploy")
    cdk(folder, "destroy", HACIENDA_ALLOW_DESTROY=ENVIRONMENT)
    assert own.created() == {}
