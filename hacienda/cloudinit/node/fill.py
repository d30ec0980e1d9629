"""Secrets on the node: receives them, fills them in, and computes keyed digests that show a change without the
value."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from pathlib import Path

from hacienda.cloudinit.node import disk, paths
from hacienda.cloudinit.node.failure import BadBundleError, StepError

_PLACEHOLDER = re.compile(rb"@\{secret:([^}]*)\}@")


def digest(*parts: bytes) -> str:
    """HMAC-SHA256 in hexadecimal, under this node's own key, which never leaves the node."""
    made = hmac.new(_key(), digestmod=hashlib.sha256)
    for part in parts:
        made.update(len(part).to_bytes(8, "big") + part)
    return made.hexdigest()


def _key() -> bytes:
    try:
        return paths.DIGEST_KEY.read_bytes()
    except FileNotFoundError:
        disk.write(paths.DIGEST_KEY, os.urandom(32), 0o600)
        return paths.DIGEST_KEY.read_bytes()


def value(name: str) -> bytes:
    """A secret's value.

    Raises:
        StepError: the secret was never delivered.
    """
    try:
        return (paths.SECRETS / name).read_bytes()
    except FileNotFoundError as error:
        raise StepError(f"the secret {name} was not delivered") from error


def fill(template: bytes) -> bytes:
    """A template whose placeholders are replaced by their secrets."""
    return _PLACEHOLDER.sub(lambda match: value(match[1].decode()), template)


def keys(name: str) -> dict[str, bytes]:
    """A secret with several keys, as file name -> content.

    Raises:
        StepError: the secret is not a JSON object of plain names and texts.
    """
    try:
        found = {str(key): str(text).encode() for key, text in json.loads(value(name)).items()}
    except (ValueError, AttributeError) as error:
        raise StepError(f"the secret {name} is not a JSON object") from error
    if not all(re.fullmatch(r"[A-Za-z0-9_-]+", key) for key in found):
        raise StepError(f"the secret {name} has keys that are not file names")
    return found


def check_delivery(folder: Path, wanted: frozenset[str]) -> None:
    """Checks that every secret in the bundle is delivered or already here.

    Raises:
        BadBundleError: a secret is missing.
    """
    delivered = (folder / "secrets").is_dir()
    source = folder / "secrets" if delivered else paths.SECRETS
    missing = sorted(name for name in wanted if not (source / name).is_file())
    if missing:
        raise BadBundleError(f"secrets that were not delivered: {', '.join(missing)}")


def receive(folder: Path) -> None:
    """Stores a delivery's secrets, if it has any, and its digests. A delivery holds all secrets or none."""
    source = folder / "secrets"
    if not source.is_dir():
        return
    delivered = {str(path.relative_to(source)): path for path in source.rglob("*") if path.is_file()}
    paths.SECRETS.mkdir(mode=0o700, exist_ok=True)
    for name, path in delivered.items():
        target = paths.SECRETS / name
        content = path.read_bytes()
        if not target.is_file() or target.read_bytes() != content:
            disk.write(target, content, 0o600)
    for path in sorted(paths.SECRETS.rglob("*"), reverse=True):
        if path.is_dir():
            path.chmod(0o700)
            if not any(path.iterdir()):
                path.rmdir()
        elif str(path.relative_to(paths.SECRETS)) not in delivered:
            path.unlink()
    told = disk.read_state(folder / "digests.json") or {}
    record = {name: {"told": told.get(name, ""), "local": digest(value(name))} for name in delivered}
    disk.write_state(paths.DIGESTS, record)


def report() -> dict[str, str]:
    """Secret -> digest from the deployer; `missing` or `drifted:<8 hex>` if the secret differs from the delivered
    one."""
    found = {}
    for name, record in (disk.read_state(paths.DIGESTS) or {}).items():
        path = paths.SECRETS / name
        local = digest(path.read_bytes()) if path.is_file() else ""
        if not local:
            found[name] = "missing"
        else:
            found[name] = record["told"] if local == record["local"] else f"drifted:{local[:8]}"
    return found
