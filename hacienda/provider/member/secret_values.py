"""The node's own secrets, read from the store during the delivery. No plan and no state holds them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from hacienda import errors, secrets
from hacienda.remote import ssh
from hacienda.secrets.encrypted import identity_path
from hacienda.secrets.store import SSH_KEY


def read(location: str, node: str, digests: dict[str, str]) -> dict[str, bytes] | None:
    """Contents by name; None: the store is not here.

    Args:
        location: place of the store; empty or None: the secrets are not here.
        node: the node's name.
        digests: name -> planned keyed digest.

    Raises:
        hacienda.errors.InputError: the store lacks a secret, or its value differs from the planned one.
    """
    if not here(location):
        return None
    store = _opened(location, Path.cwd())
    changed = [name for name, digest in sorted(digests.items()) if secrets.digest(store, name, node) != digest]
    if changed:
        raise errors.InputError(
            f"{node}: secrets changed since the plan: {', '.join(changed)}", "Synthesize and plan again."
        )
    return {name: store.get(name, node) for name in digests}


@functools.cache
def _opened(location: str, folder: Path) -> secrets.Store:
    """A store, opened once for all members, because an encrypted one is decrypted as a whole. Relative places depend on
    the folder."""
    return secrets.open_store(location)


def here(location: str) -> bool:
    """Whether this machine can read the store. A committed encrypted store is in every checkout. A reader without any
    identity is a reviewer, who does not need it."""
    if not location:
        return False
    spec = secrets.StoreSpec.parse(location)
    return spec.exists() and (spec.kind != "age" or identity_path().exists())


class DeployerKey:
    """The deployer's private SSH key as a file, for encrypted stores: mode 0600, deleted at the end of the process."""

    def __init__(self) -> None:
        self._paths: dict[str, str] = {}

    def path(self, location: str) -> str:
        """Path of the key in a store; empty if there is no store or no key."""
        if not here(location):
            return ""
        if location not in self._paths:
            self._paths[location] = self._materialize(location)
        return self._paths[location]

    def _materialize(self, location: str) -> str:
        store = _opened(location, Path.cwd())
        if store.key_file is not None:
            return str(store.key_file) if store.key_file.exists() else ""
        key = store.entry(SSH_KEY)
        if key is None:
            return ""
        path = ssh.folder() / f"key-{hashlib.sha256(location.encode()).hexdigest()[:8]}"
        path.touch(mode=0o600)
        path.write_bytes(key)
        return str(path)
