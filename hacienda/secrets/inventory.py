"""The contents of a store, for people: kinds, ages, expiry and, on request, the values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from hacienda.secrets import authorities, pki
from hacienda.secrets.provided import CERTIFICATE, TRUST, expiry, split
from hacienda.secrets.store import Store


@dataclass(frozen=True)
class Entry:
    """One entry of a store, without its value.

    Args:
        name: name in the store.
        kind: `token`, `fernet-keys`, `erlang-cookie`, `authority`, `leaf`, `ssh-key`, `digest-key`,
            `provided-certificate` and `provided-authority` for those of another authority; `unknown` for a file that a
            person put there.
        created: time of its creation or last rotation; None: unknown.
        expires: end of a certificate's validity; None: never.
        rotating: whether some nodes may not have it yet.
    """

    name: str
    kind: str
    created: datetime | None
    expires: datetime | None
    rotating: bool = False


def inventory(store: Store) -> tuple[Entry, ...]:
    """All entries of a store, by name."""
    index = store.index()
    return tuple(_entry(store, name, index.get(name, {})) for name in store.names())


def _entry(store: Store, name: str, known: Mapping[str, str]) -> Entry:
    kind = known.get("kind", "unknown")
    created = datetime.fromisoformat(known["created"]) if "created" in known else None
    expires = None
    if kind in (CERTIFICATE, TRUST):
        expires = expiry(store.entry(name) or b"")
    elif kind in ("leaf", "authority"):
        expires = x509.load_pem_x509_certificate(store.entry(name) or b"").not_valid_after_utc
    return Entry(name, kind, created, expires, "rotating" in known)


def reveal(store: Store, entry: Entry) -> Mapping[str, str]:
    """The values of an entry by the names that nodes use: a certificate and its key separately, each key of a
    repository.

    Never log or store the result.
    """
    content = store.entry(entry.name) or b""
    folder = entry.name.rpartition("/")[0]
    if entry.kind == CERTIFICATE:
        certificates, key = split(content)
        return {f"{folder}/cert.pem": certificates.decode(), f"{folder}/key.pem": key.decode()}
    if entry.kind in ("leaf", "authority"):
        if authorities.is_step(entry.name):
            folder = entry.name.removesuffix(".pem")
        pieces = {"cert.pem": pki.certificate_pem(content), "key.pem": pki.key_pem(content)}
        return {f"{folder}/{piece}": value.decode() for piece, value in pieces.items() if value}
    if entry.kind == "fernet-keys":
        return {f"{entry.name}/{index}": key for index, key in json.loads(content).items()}
    return {entry.name: content.decode(errors="replace")}
