"""The environment's authorities in its store: one for each purpose, and the steps that replace one by the next.

A program that checks certificates trusts one authority, so it refuses a certificate for another purpose, even if it
compares no names. The reasons are in docs/decisions/0009-an-authority-for-each-purpose.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from hacienda.errors import InputError
from hacienda.secrets import pki

if TYPE_CHECKING:
    from hacienda.secrets.store import Store

KIND = "authority"
_FOLDER = "x509/authority"
SINGLE = f"{_FOLDER}/bundle.pem"
"""The single authority for every purpose in stores of an earlier version."""
_PRESENT = re.compile(rf"{_FOLDER}/([^/]+)/bundle\.pem")


def present(purpose: str) -> str:
    """Entry of the CA that signs for a purpose."""
    return f"{_FOLDER}/{purpose}/bundle.pem"


def following(purpose: str) -> str:
    """Entry of the next CA. Nodes trust it already, but it signs nothing until every node does."""
    return f"{_FOLDER}/{purpose}/next.pem"


def former(purpose: str) -> str:
    """Entry of the previous CA's certificate. Nodes trust it until no node uses a leaf of it."""
    return f"{_FOLDER}/{purpose}/former.pem"


def purpose_of(entry: str) -> str | None:
    """Purpose of a signing CA, by its entry; None: not such an entry."""
    found = _PRESENT.fullmatch(entry)
    return found[1] if found else None


def is_step(entry: str) -> bool:
    """Whether an entry beside a signing CA is a step of its rotation, or comes from an earlier version."""
    return entry.startswith(f"{_FOLDER}/") and purpose_of(entry) is None


def trusted(store: Store, purpose: str) -> bytes | None:
    """Certificates of the CAs that are trusted for a purpose, the signing one first; None: there is no such purpose."""
    known = [store.entry(place(purpose)) for place in (present, following, former)]
    return b"".join(pki.certificate_pem(ca) for ca in known if ca) or None


def is_rotating(store: Store, purpose: str) -> bool:
    """Whether two CAs are trusted for a purpose, because nodes differ or differed until now."""
    return any(store.entry(place(purpose)) is not None for place in (following, former))


def needed(store: Store, environment: str, purposes: Iterable[str], now: datetime) -> dict[str, bytes | None]:
    """The changes that give a store a CA for each purpose.

    A store of an earlier version has one CA for all purposes. It continues to sign for each, and a rotation of each
    purpose to its own CA starts. Running nodes trust both until none uses a leaf of the old one.

    Raises:
        InputError: the single CA of an earlier version is in the middle of a rotation.
    """
    lacking = [purpose for purpose in purposes if store.entry(present(purpose)) is None]
    single = store.entry(SINGLE)
    if single is None:
        return {present(purpose): pki.authority(environment, purpose, now).pem() for purpose in lacking}
    if any(store.entry(f"{_FOLDER}/{step}.pem") is not None for step in ("next", "former")):
        raise InputError(
            f"{store.spec.path}: an earlier version of Hacienda started to rotate its authority and did not finish",
            "Finish the rotation with that version: hacienda apply ENV. Then use this one.",
        )
    entries: dict[str, bytes | None] = {}
    # This order survives an interruption: a purpose is complete when it has the second of its two entries, and the
    # single CA is removed last.
    for purpose in lacking:
        entries[following(purpose)] = pki.authority(environment, purpose, now).pem()
        entries[present(purpose)] = single
    return {**entries, SINGLE: None}


def advanced(store: Store, purpose: str) -> Mapping[str, bytes | None]:
    """The next step of a rotation, after every node has the current one. Either the next CA starts to sign, and the
    current one stays trusted. Or the previous CA loses its trust, because no leaf of it is left."""
    successor = store.entry(following(purpose))
    if successor is not None:
        before = pki.certificate_pem(store.entry(present(purpose)) or b"")
        return {former(purpose): before, present(purpose): successor, following(purpose): None}
    return {former(purpose): None} if store.entry(former(purpose)) is not None else {}
