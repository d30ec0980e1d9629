"""What a store holds, for people: kinds, ages, expiry; and, asked for, the values."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509

from hacienda.secrets.store import AUTHORITY, Store


@dataclass(frozen=True)
class Entry:
    """One entry of a store.

    Args:
        name: as it is kept.
        kind: `token`, `fernet-keys`, `erlang-cookie`, `authority`, `leaf`, `ssh-key`, `digest-key`; `unknown` for a file
            that was put there by hand.
        created: when it was made or last rotated; None: unknown.
        expires: end of a certificate's life; None: never.
        value: the secret itself; never part of a repr.
    """

    name: str
    kind: str
    created: datetime | None
    expires: datetime | None
    value: str | dict[str, str] = field(repr=False)


def inventory(store: Store) -> tuple[Entry, ...]:
    """Everything a store holds, by name."""
    index = store.index()
    return tuple(_entry(store, name, index.get(name, {})) for name in store.names())


def _entry(store: Store, name: str, known: dict[str, str]) -> Entry:
    content = store.entry(name) or b""
    kind = known.get("kind", "unknown")
    created = datetime.fromisoformat(known["created"]) if "created" in known else None
    expires = None
    if kind == "leaf" or name == AUTHORITY:
        expires = x509.load_pem_x509_certificate(content).not_valid_after_utc
    text = content.decode(errors="replace")
    value: str | dict[str, str] = json.loads(text) if kind == "fernet-keys" else text
    return Entry(name, kind, created, expires, value)
