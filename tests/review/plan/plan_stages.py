"""Stacks that exist: synthesized, applied by real Terraform, and changed by scenarios."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hacienda import cdk
from hacienda.constructs import Cluster, HighlyAvailableCloud, Network, VirtualIp
from hacienda.declare import launcher
from hacienda.platforms import Incus
from tests.provider.cloud import make_bundle
from tests.provider.terraform import Ran, run
from tests.review.plan.scenarios import Scenario

ROOT = Path(__file__).parents[3]


@dataclass
class Stage:
    """One stack with its state.

    Args:
        folder: everything of it.
        stack: where Terraform runs, below the folder.
        block: what Terraform reads; scenarios change it.
        modules: path below the stack -> what Terraform reads there.
    """

    folder: Path
    stack: str
    block: dict[str, Any]
    modules: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def nodes(self) -> Path:
        """What the pretended machines have installed."""
        return self.folder / "nodes-here"

    @property
    def resource(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Resources: type -> name -> attributes."""
        found: dict[str, dict[str, dict[str, Any]]] = self.block["resource"]
        return found

    def start(self, socket: Path) -> None:
        """Apply it."""
        text = json.dumps(self.block).replace("/var/lib/hacienda-lab/unix.socket", str(socket))
        self.block = json.loads(text)
        self.nodes.mkdir(exist_ok=True)
        self.write()
        self._expect(self._run("init", "-no-color"))
        self._expect(self._run("apply", "-no-color", "-auto-approve"))

    def copy(self, folder: Path) -> Stage:
        """The same, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Stage(folder, self.stack, copy.deepcopy(self.block), copy.deepcopy(self.modules))

    def plan(self, scenario: Scenario) -> tuple[str, bool]:
        """The JSON of a scenario's plan, and whether the provider refuses it."""
        scenario.setup(self)
        self.write()
        for command in scenario.before:
            self._expect(
                self._run(*command[:1], *(() if command[0] in ("taint", "state") else ("-no-color",)), *command[1:])
            )
        scenario.change(self)
        self.write()
        arguments = ("plan", "-no-color", "-input=false", "-out=plan", *scenario.arguments)
        refused = self._run(*arguments)
        if refused.code:
            assert "would lose the quorum" in refused.flat, refused.text
            self._expect(self._run(*arguments, review=True))
        shown = self._expect(self._run("show", "-json", "plan"))
        return next(line for line in shown.text.splitlines() if line.startswith("{")), bool(refused.code)

    def write(self) -> None:
        """Write what Terraform reads."""
        folder = self.folder / self.stack
        (folder / "cdk.tf.json").write_text(json.dumps(self.block, indent=1))
        for path, block in self.modules.items():
            (folder / path).mkdir(parents=True, exist_ok=True)
            (folder / path / "main.tf.json").write_text(json.dumps(block, indent=1))

    def _run(self, *arguments: str, review: bool = False) -> Ran:
        environment = self.block["provider"]["hacienda"][0]["environment"]
        extra = {
            "HACIENDA_TRANSPORT": f"tests.review.plan.plan_nodes:{self.nodes}",
            "PYTHONPATH": str(ROOT),
            **({"HACIENDA_REVIEW": environment} if review else {}),
        }
        return run(self.folder / self.stack, *arguments, extra=extra)

    @staticmethod
    def _expect(ran: Ran) -> Ran:
        assert ran.code == 0, ran.text
        return ran


def _read(folder: Path, name: str) -> Stage:
    stack = f"cdktf.out/stacks/{name}"
    block = json.loads((folder / stack / "cdk.tf.json").read_text())
    block["terraform"]["backend"] = {"local": {"path": "../state.tfstate"}}
    block.pop("//", None)
    for named in block["resource"].values():
        for attributes in named.values():
            attributes.pop("//", None)
    return Stage(folder, stack, block)


def region(folder: Path, *, controllers: int, computes: int = 0, arbiters: int = 0) -> Stage:
    """An environment as one stack of somebody else's app."""
    folder.mkdir()
    machines: dict[str, Any] = {"controller": controllers}
    machines |= {role: count for role, count in (("compute", computes), ("arbiter", arbiters)) if count}
    environment = {
        "name": "region",
        "platform": "incus",
        "networks": {"management": {"cidr": "10.77.0.0/24", "vip": "10.77.0.10"}},
        "machines": machines,
    }
    (folder / "region.yaml").write_text(json.dumps(environment))
    app = cdk.App(outdir=str(folder / "cdktf.out"))
    stack = cdk.Stack(app, "region")
    HighlyAvailableCloud(stack, "cloud", environment=folder / "region.yaml", root=folder)
    app.synth()
    return _read(folder, "region")


def memcached(folder: Path) -> Stage:
    """Two machines with a cache behind a virtual IP: nobody votes."""
    folder.mkdir()
    app = cdk.App(outdir=str(folder / "cdktf.out"))
    stack = cdk.Stack(app, "cache")
    network = Network(stack, "management", platform=Incus(project="hacienda-cache"), cidr="10.79.0.0/24")
    vip = VirtualIp(stack, "virtual-ip", network=network, address="10.79.0.10")
    Cluster(stack, "cache", services=["memcached"], networks=[network], virtual_ips=[vip], machines=2, root=folder)
    app.synth()
    return _read(folder, "cache")


def database(folder: Path) -> Stage:
    """examples/own-stack."""
    shutil.copytree(ROOT / "examples/own-stack", folder, ignore=shutil.ignore_patterns("cdktf.out", ".hacienda"))
    subprocess.run([sys.executable, "main.py"], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    return _read(folder, "database")


def member(
    node: str, others: tuple[str, ...], *, votes: Mapping[str, int] | None = None, **more: Any
) -> dict[str, Any]:
    """A member that somebody wrote by hand: `ctl-1` is at 192.0.2.1."""
    files = {f"/etc/hacienda/services/{name}.env": f"{name}\n" for name in ("etcd", "galera", "haproxy")}
    weights = dict(votes or {"etcd": 1, "galera": 1})
    data = make_bundle(node, files)
    return {
        "node": node,
        "machine": f"machine-{node}",
        "host": f"192.0.2.{node[-1]}",
        "user": "root",
        "trust": "known_hosts:/dev/null",
        "bundle": f"../{node}.tar.gz",
        "bundle_hash": hashlib.sha256(data).hexdigest(),
        "files": {path: hashlib.sha256(text.encode()).hexdigest()[:16] for path, text in files.items()},
        "voters": weights,
        "peers": {
            other: {"host": f"192.0.2.{other[-1]}", "port": 22, "voters": weights} for other in others if other != node
        },
        **more,
    }


def handmade(folder: Path) -> Stage:
    """Members written by hand, with machines of another provider's type; scenarios say which."""
    stack = folder / "stack"
    stack.mkdir(parents=True)
    for path, file in launcher.files(sys.executable, launcher.running_platform()).items():
        target = stack / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.text)
        target.chmod(file.mode)
    for node in ("ctl-1", "ctl-2", "ctl-3", "ctl-4", "ctl-5"):
        files = {f"/etc/hacienda/services/{name}.env": f"{name}\n" for name in ("etcd", "galera", "haproxy")}
        (folder / f"{node}.tar.gz").write_bytes(make_bundle(node, files))
    required = {"hacienda": {"source": launcher.SOURCE, "version": launcher.VERSION}}
    block = {
        "terraform": {"required_providers": required, "backend": {"local": {"path": "../state.tfstate"}}},
        "provider": {"hacienda": [{"environment": "hand"}]},
        "resource": {"terraform_data": {"everybody": {"input": "all wait for this"}}},
    }
    return Stage(folder, "stack", block)
