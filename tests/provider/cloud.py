"""A cloud of folders: stacks in Terraform's JSON, bundles, and nodes that are `HACIENDA_TRANSPORT=local:` folders."""

from __future__ import annotations

import copy
import gzip
import hashlib
import io
import json
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hacienda.declare import launcher
from hacienda.secrets import digest, open_store
from tests.provider import terraform
from tests.provider.terraform import Ran

HERE = Path(__file__).parent
SECRET = "database/galera"
GROUPS = ("etcd", "galera")
FILES = {f"/etc/{service}/{service}.conf": f"{service} 1\n" for service in ("etcd", "galera", "haproxy")}


def short(text: str) -> str:
    """A file's short hash, as the manifest has it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def service_of(path: str) -> str:
    return path.split("/")[2]


def make_bundle(node: str, files: Mapping[str, str], modes: Mapping[str, str] | None = None) -> bytes:
    """A bundle whose hacienda-apply is the stand-in, with the status that it will report. Files are 0644 unless `modes` says."""
    entries = [
        {
            "path": path,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "owner": "root",
            "group": "root",
            "mode": (modes or {}).get(path, "0644"),
            "service": service_of(path),
            "on_change": "reload" if service_of(path) == "haproxy" else "restart",
            "secrets": [SECRET] if service_of(path) == "galera" else [],
        }
        for path, text in files.items()
    ]
    hashes = {path: short(text) for path, text in files.items()}
    foretold = json.dumps({"node": node, "bundle_hash": "@HASH@", "converged": True, "files": hashes, "failed": []})
    foretold = foretold[:-1] + ', "secrets": @DIGESTS@}'
    members = {"manifest.json": json.dumps({"files": entries}), "foretold.json": foretold}
    members.update({f"bin/{path.name}": path.read_text() for path in sorted((HERE / "node").iterdir())})
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755 if name.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


@dataclass
class Member:
    """What a member's stack says of it; tests change it and apply again."""

    node: str
    machine: str
    voters: dict[str, int]
    files: dict[str, str] = field(default_factory=lambda: dict(FILES))
    modes: dict[str, str] = field(default_factory=dict)
    store: bool = True
    extra: dict[str, Any] = field(default_factory=dict)


class Cloud:
    """One stack and its nodes.

    Args:
        folder: an empty folder.
        nodes: names of its members; all vote in GROUPS.
    """

    def __init__(self, folder: Path, nodes: Iterable[str] = ("ctl-1", "ctl-2", "ctl-3")) -> None:
        self.folder = folder
        self.members = {name: Member(name, f"machine-{name}", dict.fromkeys(GROUPS, 1)) for name in nodes}
        self.provider: dict[str, Any] = {"environment": "test", "record": "../cluster.json"}
        self.more: dict[str, Any] = {}
        for name in ("digest/key", SECRET):
            self.change_secret(name)
        self.stack.mkdir()
        self.machines.mkdir()
        (self.machines / "bin").symlink_to(HERE / "bin")
        for name in self.members:
            (self.machines / name).mkdir()
        for path, file in launcher.files(sys.executable, launcher.running_platform()).items():
            target = self.stack / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text)
            target.chmod(file.mode)
        self.extra: dict[str, str] = {}
        self.write()
        initialized = self.terraform("init", "-no-color")
        assert initialized.code == 0, initialized.text

    @property
    def stack(self) -> Path:
        return self.folder / "stack"

    @property
    def machines(self) -> Path:
        return self.folder / "machines"

    @property
    def record(self) -> Path:
        return self.folder / "cluster.json"

    @property
    def progress(self) -> Path:
        return self.folder / "progress"

    @property
    def store(self) -> Path:
        return self.folder / "secrets"

    def copy(self, folder: Path) -> Cloud:
        """The same cloud in another folder: all its paths are relative."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        other = copy.deepcopy(self)
        other.folder = folder
        return other

    def change_secret(self, name: str) -> str:
        """Give a secret a new random value, and return it."""
        path = self.store / name
        for parent in (self.store, path.parent):
            parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(16))
        return path.read_text()

    def without_store(self) -> None:
        """From now on this is a checkout without the secrets."""
        self.store.rename(self.folder / "elsewhere")
        for member in self.members.values():
            member.store = False

    def machine(self, node: str) -> Path:
        """The folder that is the node."""
        return self.machines / node

    def write(self) -> None:
        """Write bundles and the stack as the members are declared now."""
        resources: dict[str, Any] = {"hacienda_member": {n: self._resource(m) for n, m in self.members.items()}}
        for kind, named in self.more.items():
            resources.setdefault(kind, {}).update(named)
        content: dict[str, Any] = {
            "terraform": {
                "required_providers": {"hacienda": {"source": launcher.SOURCE, "version": launcher.VERSION}},
                "backend": {"local": {"path": "../terraform.tfstate"}},
            },
            "provider": {"hacienda": [self.provider]},
        }
        named = {kind: found for kind, found in resources.items() if found}
        if named:
            content["resource"] = named
        (self.stack / "cdk.tf.json").write_text(json.dumps(content, indent=1))

    def _resource(self, member: Member) -> dict[str, Any]:
        bundle = self.folder / f"{member.node}.tar.gz"
        data = make_bundle(member.node, member.files, member.modes)
        bundle.write_bytes(data)
        peers = {
            peer.node: {"host": "192.0.2.1", "port": 22, "voters": peer.voters}
            for peer in self.members.values()
            if peer.node != member.node and peer.voters.keys() & member.voters.keys()
        }
        return {
            "node": member.node,
            "machine": member.machine,
            "host": "192.0.2.1",
            "user": "root",
            "trust": "known_hosts:/dev/null",
            "bundle": f"../{bundle.name}",
            "bundle_hash": hashlib.sha256(data).hexdigest(),
            "files": {path: short(text) for path, text in member.files.items()},
            "secrets": {SECRET: digest(open_store(str(self.store)), SECRET)} if member.store else None,
            "secret_store": "../secrets",
            "voters": member.voters,
            "peers": peers,
            **member.extra,
        }

    def terraform(self, *arguments: str) -> Ran:
        return terraform.run(self.stack, *arguments, extra=self._environment())

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return terraform.start(self.stack, *arguments, extra=self._environment())

    def _environment(self) -> dict[str, str]:
        transport = f"local:{self.machines}"
        return {"HACIENDA_TRANSPORT": transport, "HACIENDA_PROGRESS": str(self.progress), **self.extra}

    def plan(self, *arguments: str) -> Ran:
        self.write()
        return self.terraform("plan", "-no-color", "-input=false", *arguments)

    def apply(self, *arguments: str) -> Ran:
        self.write()
        return self.terraform("apply", "-no-color", "-input=false", "-auto-approve", *arguments)

    def applied(self) -> Cloud:
        """Apply, and expect it to work."""
        ran = self.apply()
        assert ran.code == 0, ran.text
        return self

    def state(self) -> dict[str, Any]:
        """Attributes of every resource in the state by address."""
        text = (self.folder / "terraform.tfstate").read_text()
        return {
            f"{resource['type']}.{resource['name']}": resource["instances"][0]["attributes"]
            for resource in json.loads(text)["resources"]
        }

    def installs(self, node: str) -> list[str]:
        """What the stand-in for hacienda-apply wrote down."""
        path = self.machine(node) / "installs"
        return path.read_text().splitlines() if path.exists() else []


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until it holds, looking ten times a second."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
