"""A machine that is only a folder: programs of the bundle run on it, with stand-ins for systemctl, dpkg, apt and etcdctl."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hacienda.cloudinit import NodeOutput
from tests.cloudinit import sample

STUBS = Path(__file__).parent / "stubs"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Where machines are: in memory where that can be, because an installation flushes its disk."""


@dataclass(frozen=True)
class Machine:
    """A node below a folder."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def stubs(self) -> Path:
        return self.folder / "stubs"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/hacienda"

    def prepare(self) -> None:
        """Make the folders of an empty machine."""
        self.state.mkdir(parents=True)
        self.stubs.mkdir()

    def environment(self, **more: str) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{STUBS}:{os.environ['PATH']}",
            "HACIENDA_ROOT": str(self.root),
            "HACIENDA_STUBS": str(self.stubs),
            "HACIENDA_ETCD_PATIENCE": "1",
            "HACIENDA_LOCK_PATIENCE": "2",
            "HACIENDA_HEALTH_SECONDS": "1",
            "HACIENDA_FOUND_SECONDS": "2",
            "HACIENDA_VERIFY_SECONDS": "4",
            **more,
        }

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs a program of the node, by its name below /usr/lib/hacienda."""
        program = str(self.root / "usr/lib/hacienda" / command[0])
        return subprocess.run(
            [program, *command[1:]],
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def unpack(self, output: NodeOutput, values: dict[str, str] | None, **extra: Any) -> Path:
        """A delivery as it lies in incoming/."""
        delivery = self.state / "incoming" / secrets.token_hex(4)
        delivery.mkdir(parents=True)
        (delivery / "bundle.tar.gz").write_bytes(output.bundle)
        (delivery / "bundle").mkdir()
        subprocess.run(["tar", "-xzf", "bundle.tar.gz", "-C", "bundle"], cwd=delivery, check=True)
        for name, value in (values or {}).items():
            path = delivery / "secrets" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(value)
        for name, content in extra.items():
            (delivery / f"{name}.json").write_text(json.dumps(content))
        return delivery

    def deliver(
        self, output: NodeOutput, values: dict[str, str] | None, environment: dict[str, str] | None = None, **extra: Any
    ) -> subprocess.CompletedProcess[str]:
        """Delivers and installs, as the provider does."""
        return self.install(self.unpack(output, values, **extra), environment=environment)

    def install(
        self, delivery: Path | None, program: Path | None = None, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the delivery's own hacienda-apply."""
        runs = program or Path(f"{delivery}/bundle/bin/hacienda-apply")
        source = [] if delivery is None else ["--from", str(delivery)]
        return subprocess.run(
            [sys.executable, "-BSE", runs, "install", "--json", *source],
            env=self.environment(**(environment or {})),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def status(self) -> dict[str, Any]:
        """What hacienda-apply says is installed."""
        answer = self.run("hacienda-apply", "status", "--json")
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def calls(self) -> list[str]:
        """Commands the stand-ins were given since the last look."""
        path = self.stubs / "calls"
        found = path.read_text().splitlines() if path.exists() else []
        path.write_text("")
        return found

    def etcd(self) -> dict[str, str]:
        """Keys and values."""
        folder = self.stubs / "etcd"
        return {p.name.replace("%", "/"): p.read_text() for p in folder.iterdir()} if folder.is_dir() else {}

    def put(self, key: str, value: str) -> None:
        """Sets a key as another node would."""
        (self.stubs / "etcd").mkdir(exist_ok=True)
        (self.stubs / "etcd" / key.replace("/", "%")).write_text(value)


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine nothing was ever installed on."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        made = Machine(Path(folder))
        made.prepare()
        yield made


@pytest.fixture(scope="session")
def values() -> dict[str, str]:
    """What is delivered to ctl-1 of the sample."""
    return make_values(sample.render())


@pytest.fixture(scope="session")
def delivered(values: dict[str, str]) -> Iterator[Machine]:
    """ctl-1 of the sample after its first installation; for copies of it, which cost nothing."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        made = Machine(Path(folder))
        made.prepare()
        answer = made.deliver(sample.render(), values)
        assert answer.returncode == 0, answer.stderr
        made.calls()
        yield made


@pytest.fixture
def node(machine: Machine, delivered: Machine) -> Machine:
    """An installed ctl-1 on which nothing has converged yet."""
    subprocess.run(["cp", "--archive", f"{delivered.folder}/.", machine.folder], check=True)
    return machine


def interpreter(program: Path) -> list[str]:
    """What runs a program: this Python, for a node's is not where ours may be; nothing for bash."""
    return [sys.executable, "-BSE"] if "python" in program.read_text().partition("\n")[0] else []


def make_values(output: NodeOutput) -> dict[str, str]:
    """A random value for each secret of a node; keyed ones as JSON."""
    keyed = {"beta/keys": json.dumps({"0": secrets.token_hex(8), "1": secrets.token_hex(8)})}
    return {name: keyed.get(name, secrets.token_hex(16)) for name in output.secret_names}
