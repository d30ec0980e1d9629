"""Minting: creates missing secrets and renews certificates in time. Existing secrets stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509

from hacienda.secrets import authorities, pki, values
from hacienda.secrets.needs import Leaf, Needs
from hacienda.secrets.provided import CERTIFICATE, TRUST, adopted
from hacienda.secrets.store import DIGEST_KEY, SSH_KEY, Store


@dataclass(frozen=True)
class Minted:
    """The result of minting: names of entries, sorted."""

    created: tuple[str, ...]
    renewed: tuple[str, ...]


def mint(store: Store, needs: Needs, now: datetime | None = None) -> Minted:
    """Create every missing secret, key and certificate. Renew leaves that expire or whose names changed.

    Two processes may mint into the same store: the second one uses what the first one created.

    Args:
        store: receives the entries.
        needs: the entries that must exist.
        now: current time; None: the clock's.

    Raises:
        InputError: the store is readable by others or has no identity here, or a provided certificate is invalid.
        ToolError: the store cannot be written.
    """
    moment = now or pki.utc_now()
    with store.changing():
        authorities_made = _make_authorities(store, needs, moment)
        kinds = _kinds(needs)
        created = {name: make() for name, make in _makers(needs).items() if store.entry(name) is None}
        renewed: dict[str, bytes] = {}
        for leaf in needs.leaves:
            bundle = store.entry(leaf.entry)
            made = _leaf(store, leaf, bundle, timedelta(days=needs.certificate_days), moment)
            if made is not None:
                (created if bundle is None else renewed)[leaf.entry] = made
        for provided in needs.provided:
            entries = adopted(provided, store.entry(provided.bundle_entry), moment)
            created |= {name: content for name, content in entries.items() if store.entry(name) is None}
            renewed |= {name: new for name, new in entries.items() if store.entry(name) not in (None, new)}
        store.save(created | renewed, kinds, moment)
    return Minted(tuple(sorted((*created, *authorities_made))), tuple(sorted(renewed)))


def _make_authorities(store: Store, needs: Needs, moment: datetime) -> list[str]:
    """Create a CA for each purpose; returns the names of new entries."""
    purposes = sorted({leaf.authority for leaf in needs.leaves})
    changes = authorities.needed(store, needs.environment, purposes, moment)
    made = [name for name, content in changes.items() if content is not None]
    kinds = dict.fromkeys((*made, *map(authorities.present, purposes)), authorities.KIND)
    index = store.index()
    store.save(changes, kinds, moment)
    # An interruption may have lost the record of a rotation. Without the record no process would take the next step.
    noted = [authorities.present(purpose) for purpose in purposes if authorities.is_rotating(store, purpose)]
    store.save({}, {}, moment, rotating=[name for name in noted if "rotating" not in index.get(name, {})])
    return made


def _leaf(store: Store, leaf: Leaf, bundle: bytes | None, life: timedelta, moment: datetime) -> bytes | None:
    """A certificate with its key; None: the current one is still valid."""
    ca = pki.Pair.parse(store.entry(authorities.present(leaf.authority)) or b"")
    if bundle is not None:
        if authorities.is_rotating(store, leaf.authority):
            # During a rotation some nodes still need the certificate's former names or uses.
            leaf = pki.both(leaf, pki.described(leaf, x509.load_pem_x509_certificate(bundle)))
        if not pki.wants_renewal(bundle, leaf, ca, moment):
            return None
    return pki.issue(ca, leaf, life, moment).pem()


def _kinds(needs: Needs) -> dict[str, str]:
    own = {DIGEST_KEY: "digest-key", SSH_KEY: "ssh-key"}
    declared = {secret.name: secret.kind for secret in needs.secrets}
    provided = {one.bundle_entry: CERTIFICATE for one in needs.provided}
    provided |= {one.authority_entry: TRUST for one in needs.provided if one.authority}
    return own | declared | provided | {leaf.entry: "leaf" for leaf in needs.leaves}


def _makers(needs: Needs) -> dict[str, Callable[[], bytes]]:
    own = {DIGEST_KEY: values.digest_key, SSH_KEY: values.ssh_key}
    return own | {secret.name: values.MAKERS[secret.kind] for secret in needs.secrets}
