"""The environment's authorities in its store: one for each purpose, and the steps in which one follows another.

An acceptor (a server, a group, a client) trusts one authority, so a certificate that was made for another purpose is refused by
every program, whatever it is able to compare. Why so: docs/decisions/0009-an-authority-for-each-purpose.md.
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
"""The one authority for every purpose that stores of a former version have."""
_PRESENT = re.compile(rf"{_FOLDER}/([^/]+)/bundle\.pem")


def present(purpose: str) -> str:
    """Entry of the CA that signs for a purpose."""
    return f"{_FOLDER}/{purpose}/bundle.pem"


def following(purpose: str) -> str:
    """Entry of the CA that is to sign: trusted already, it signs nothing until every node trusts it."""
    return f"{_FOLDER}/{purpose}/next.pem"


def former(purpose: str) -> str:
    """Entry of the certificate of the CA that signed before: trusted until no node shows a leaf of it any more."""
    return f"{_FOLDER}/{purpose}/former.pem"


def purpose_of(entry: str) -> str | None:
    """Purpose of a CA that signs, by its entry; None: it is no such entry."""
    found = _PRESENT.fullmatch(entry)
    return found[1] if found else None


def is_step(entry: str) -> bool:
    """Whether an entry beside a CA that signs is a step of its rotation, or what a former version left."""
    return entry.startswith(f"{_FOLDER}/") and purpose_of(entry) is None


def trusted(store: Store, purpose: str) -> bytes | None:
    """Certificates of the CAs that are trusted for a purpose, the one that signs first; None: there is no such purpose."""
    known = [store.entry(place(purpose)) for place in (present, following, former)]
    return b"".join(pki.certificate_pem(ca) for ca in known if ca) or None


def is_rotating(store: Store, purpose: str) -> bool:
    """Whether two CAs are trusted for a purpose, because nodes differ or did a moment ago."""
    return any(store.entry(place(purpose)) is not None for place in (following, former))


def needed(store: Store, environment: str, purposes: Iterable[str], now: datetime) -> dict[str, bytes | None]:
    """What makes a store have a CA for each purpose.

    A store of a former version has one CA for all of them. It goes on signing for each, and a rotation of each to a CA of its own
    begins: nodes that run trust both until none shows a leaf of the former one.

    Raises:
        InputError: the one CA of a former version was being rotated.
    """
    lacking = [purpose for purpose in purposes if store.entry(present(purpose)) is None]
    single = store.entry(SINGLE)
    if single is None:
        return {present(purpose): pki.authority(environment, purpose, now).pem() for purpose in lacking}
    if any(store.entry(f"{_FOLDER}/{step}.pem") is not None for step in ("next", "former")):
        raise InputError(
            f"{store.spec.path}: the rotation of its authority, which a former version of Hacienda began, is not at its end",
            "End it with that version: hacienda apply ENV. Then go on with this one.",
        )
    entries: dict[str, bytes | None] = {}
    # In this order, so that it can be interrupted: a purpose has all when it has the last of its two, and the single one goes last.
    for purpose in lacking:
        entries[following(purpose)] = pki.authority(environment, purpose, now).pem()
        entries[present(purpose)] = single
    return {**entries, SINGLE: None}


def advanced(store: Store, purpose: str) -> Mapping[str, bytes | None]:
    """The next step of a rotation, every node having the present one: the next CA, which every node trusts by now, signs in place
    of the present one, which stays trusted; or, no leaf of a former one being left, that one is trusted no longer."""
    successor = store.entry(following(purpose))
    if successor is not None:
        before = pki.certificate_pem(store.entry(present(purpose)) or b"")
        return {former(purpose): before, present(purpose): successor, following(purpose): None}
    return {former(purpose): None} if store.entry(former(purpose)) is not None else {}
