"""A store of secrets, as the rest of Hacienda sees it, with any back end.

Values that must change together are one entry: a certificate with its key, a private SSH key. The names that nodes use
(`x509/<service>/cert.pem`, `ssh/id_ed25519.pub`) are derived from the entries.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from hacienda.declare.account import USER
from hacienda.errors import InputError
from hacienda.secrets import authorities, pki, values
from hacienda.secrets.encrypted import AgeBackend
from hacienda.secrets.folder import FolderBackend
from hacienda.secrets.spec import StoreSpec

DIGEST_KEY = "digest/key"
SSH_KEY = "ssh/id_ed25519"
SSH_PUBLIC_KEY = "ssh/id_ed25519.pub"
DIGEST_LENGTH = 16
"""Hexadecimal digits of a digest. 64 bits distinguish two values of one secret, and their key never leaves the
store."""
KEY_LENGTH = 4
"""Hexadecimal digits of the key's own hash in each digest."""

_KEY_ENDS = "."
_INDEX = ".index.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")


class Backend(Protocol):
    """Keeps entries. Every write of an entry is atomic; None removes it."""

    def names(self) -> tuple[str, ...]: ...
    def read(self, name: str) -> bytes | None: ...
    def write(self, entries: Mapping[str, bytes | None]) -> None: ...
    @contextmanager
    def lock(self) -> Iterator[None]: ...


class Store:
    """Secrets by name. Values are bytes. No message, repr or log holds a value."""

    def __init__(self, spec: StoreSpec, backend: Backend) -> None:
        self.spec = spec
        self._backend = backend
        self._cache: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return f"Store({self.spec})"

    def names(self) -> tuple[str, ...]:
        """Names of the entries in the back end, sorted."""
        return self._backend.names()

    def entry(self, name: str) -> bytes | None:
        """An entry as the back end keeps it; None: there is no such entry.

        Raises:
            ValueError: the name points outside of the store.
        """
        if name != _INDEX and not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of a secret")
        if name not in self._cache:
            content = self._backend.read(name)
            if content is None:
                return None
            self._cache[name] = content
        return self._cache[name]

    def get(self, name: str, node: str | None = None) -> bytes:
        """A secret by the name that nodes use. A node's own secret takes precedence over the shared one.

        Raises:
            InputError: the store does not have it.
        """
        for place in (f"nodes/{node}/{name}", name) if node else (name,):
            content = self._derived(place)
            if content is not None:
                return content
        whose = f" of {node}" if node else ""
        raise InputError(f"{self.spec.path}: has no secret {name}{whose}", "Run: hacienda secrets init ENV")

    def _derived(self, name: str) -> bytes | None:
        folder, _, base = name.rpartition("/")
        if name == SSH_PUBLIC_KEY:
            private = self.entry(SSH_KEY)
            return None if private is None else values.ssh_public_key(private, "hacienda")
        if base.endswith(USER):
            user = base.removesuffix(USER)
            password = self.entry(f"{folder}/{user}")
            return None if password is None else values.user_name(user, password)
        _, found, leaf = folder.rpartition("x509/")
        if found and base == "ca.pem":
            # The certificate of another authority is in the entry beside it.
            return self.entry(name) or authorities.trusted(self, leaf.partition("/")[0])
        if found and base in ("cert.pem", "key.pem"):
            bundle = self.entry(f"{folder}/bundle.pem")
            if bundle is None:
                return None
            return pki.certificate_pem(bundle) if base == "cert.pem" else pki.key_pem(bundle)
        return self.entry(name)

    def index(self) -> dict[str, dict[str, str]]:
        """Facts about each entry: `kind`, `created` and, during its rotation, `rotating`. They are not secret."""
        content = self.entry(_INDEX)
        if content is None:
            return {}
        try:
            found: dict[str, dict[str, str]] = json.loads(content)
        except ValueError:
            raise InputError(f"{self.spec.path}/{_INDEX}: is not JSON", "Restore it from a backup.") from None
        return found

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Lock the store: reads inside return current data, and no other process changes it."""
        with self._backend.lock():
            self._cache.clear()
            yield

    def save(
        self,
        entries: Mapping[str, bytes | None],
        kinds: Mapping[str, str],
        now: datetime,
        *,
        rotating: Iterable[str] = (),
        rotated: Iterable[str] = (),
    ) -> None:
        """Add, replace or remove entries and the facts about them. Without a change it writes nothing. Call it within
        `changing`.

        Args:
            entries: name -> new content; None removes the entry.
            kinds: kinds of the entries, and of others that an interrupted write may have lost from the index.
            now: time of the change, for the index.
            rotating: names whose rotation starts.
            rotated: names whose rotation ends.
        """
        old = self.index()
        index = {name: dict(known) for name, known in old.items()}
        for name, kind in kinds.items():
            if entries.get(name) is not None or name not in index:
                index[name] = {"kind": kind, "created": now.isoformat()}
        for name in rotated:
            index[name].pop("rotating", None)
        for name in rotating:
            # This distinguishes one rotation from the next, so it is the clock's own time.
            index[name]["rotating"] = datetime.now(UTC).isoformat(timespec="microseconds")
        for name, content in entries.items():
            if content is None:
                index.pop(name, None)
        changes = dict(entries)
        if index != old:
            # The index is written last: an entry without a line in it is complete, but a line without an entry would be
            # wrong.
            changes[_INDEX] = json.dumps(index, indent=1, sort_keys=True).encode() + b"\n"
        self._backend.write(changes)
        self._cache.clear()

    @property
    def key_file(self) -> Path | None:
        """The deployer's private SSH key as a file that ssh can read; None: the store is encrypted."""
        return self.spec.path / SSH_KEY if self.spec.kind == "file" else None


def open_store(location: str | StoreSpec) -> Store:
    """Open a store, which may not exist yet. `location` is a spec or its text (see StoreSpec.parse).

    Raises:
        InputError: the text is not a place.
    """
    spec = StoreSpec.parse(location) if isinstance(location, str) else location
    backend = FolderBackend(spec.path) if spec.kind == "file" else AgeBackend(spec.path, spec.recipients)
    return Store(spec, backend)


def digest(store: Store, name: str, node: str | None = None) -> str:
    """The digest of a secret, which may be public: 16 hexadecimal digits that change with the secret and are useless
    without the store's key. Four digits before them identify the key, because digests under different keys cannot be
    compared (`comparable`).

    Raises:
        InputError: the store does not have the secret.
    """
    key = store.get(DIGEST_KEY)
    message = name.encode() + b"\0" + store.get(name, node)
    found = hmac.new(key, message, hashlib.sha256).hexdigest()[:DIGEST_LENGTH]
    return f"{hashlib.sha256(key).hexdigest()[:KEY_LENGTH]}{_KEY_ENDS}{found}"


def comparable(one: str, other: str) -> bool:
    """Whether two different texts mean that the secret differs: they do, unless they are digests under different keys.
    For a secret that differs from the delivered one, a node reports `missing` or `drifted:<8 digits>`."""
    if any(text == "missing" or text.startswith("drifted:") for text in (one, other)):
        return True
    return one.partition(_KEY_ENDS)[0] == other.partition(_KEY_ENDS)[0]
