"""A bundle's manifest, read and checked before any change."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hacienda.cloudinit.node.failure import BadBundleError

VERSION = 1

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SECRET = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")


@dataclass(frozen=True)
class File:
    """One entry: a file, a secret, or a folder. A folder that names a secret has one file for each key."""

    path: str
    sha256: str
    owner: str
    group: str
    mode: int
    service: str
    secrets: tuple[str, ...]
    kind: str
    on_change: str


@dataclass(frozen=True)
class Service:
    """One service of this node, in start order within the manifest.

    Args:
        inputs: secrets that its reconcile script applies.
    """

    name: str
    units: tuple[str, ...]
    inputs: tuple[str, ...] = ()

    @property
    def oneshot(self) -> str:
        """The unit that converges the service."""
        return f"hacienda-{self.name}.service"


@dataclass(frozen=True)
class Manifest:
    """The declared state of this node."""

    node: str
    environment: str
    packages: tuple[str, ...]
    files: tuple[File, ...]
    services: tuple[Service, ...]
    assumptions: tuple[dict[str, str], ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        """Names of all secrets in files or for reconcile scripts."""
        named = {name for file in self.files for name in file.secrets}
        return frozenset(named.union(*(service.inputs for service in self.services)))


def read(bundle: Path) -> Manifest:
    """The manifest of an unpacked bundle, after a check of every content against its hash.

    Raises:
        BadBundleError: it is incomplete, of another version, or names a path or value that is not allowed.
    """
    try:
        raw = json.loads((bundle / "manifest.json").read_text("utf-8"))
        if raw["version"] != VERSION:
            raise BadBundleError(f"the bundle is of version {raw['version']}, this program installs version {VERSION}")
        files = tuple(_file(entry) for entry in raw["files"])
        services = tuple(_service(entry) for entry in raw["services"])
        assumptions = tuple(raw["assumptions"])
        found = Manifest(
            str(raw["node"]), str(raw["environment"]), tuple(raw["packages"]), files, services, assumptions
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadBundleError(f"manifest.json: {type(error).__name__}: {error}") from error
    for file in files:
        if file.kind != "directory" or file.secrets:
            _check_content(bundle, file)
    return found


def content(bundle: Path, file: File) -> bytes:
    """A file's rendered text, with its placeholders."""
    return (bundle / "files" / file.sha256).read_bytes()


def _check_content(bundle: Path, file: File) -> None:
    try:
        actual = hashlib.sha256(content(bundle, file)).hexdigest()
    except OSError as error:
        raise BadBundleError(f"{file.path}: its content is not in the bundle") from error
    if actual != file.sha256:
        raise BadBundleError(f"{file.path}: its content does not match its hash")


def _service(raw: dict[str, Any]) -> Service:
    inputs = tuple(_checked(_SECRET, name) for name in raw["inputs"])
    return Service(_checked(_NAME, raw["name"]), tuple(raw["units"]), inputs)


def _file(raw: dict[str, Any]) -> File:
    path = str(raw["path"])
    if not path.startswith("/") or any(part in ("", ".", "..") for part in path[1:].split("/")):
        raise BadBundleError(f"{path!r} is not an absolute, plain path")
    if raw["kind"] not in ("file", "secret", "directory"):
        raise BadBundleError(f"{path}: unknown kind {raw['kind']!r}")
    return File(
        path=path,
        sha256=_checked(re.compile(r"[0-9a-f]{64}"), raw["sha256"]),
        owner=str(raw["owner"]),
        group=str(raw["group"]),
        mode=int(raw["mode"], 8),
        service=str(raw["service"]),
        secrets=tuple(_checked(_SECRET, name) for name in raw["secrets"]),
        kind=str(raw["kind"]),
        on_change=str(raw["on_change"]),
    )


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise BadBundleError(f"{text!r} is not a name")
    return text
