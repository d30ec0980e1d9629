"""Minting: creates what a store lacks, and renews certificates in time. What is there stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from hacienda.secrets import pki, values
from hacienda.secrets.needs import Needs
from hacienda.secrets.provided import CERTIFICATE, TRUST, adopted
from hacienda.secrets.store import AUTHORITY, DIGEST_KEY, SSH_KEY, Store


@dataclass(frozen=True)
class Minted:
    """What minting did: names of entries, sorted."""

    created: tuple[str, ...]
    renewed: tuple[str, ...]


def mint(store: Store, needs: Needs, now: datetime | None = None) -> Minted:
    """Create every secret, key and certificate that is needed and missing; renew leaves that expire or whose names changed.

    Safe beside another process that mints into the same store: the second one finds what the first one made.

    Args:
        store: where to keep them.
        needs: what there must be.
        now: the time; None: the clock's.

    Raises:
        InputError: the store cannot be used: readable by others, or no identity for it; a certificate that is provided is no good.
        ToolError: the store cannot be written.
    """
    moment = now or pki.utc_now()
    with store.changing():
        kinds = _kinds(needs)
        created = {name: make() for name, make in _makers(needs).items() if store.entry(name) is None}
        ca_bundle = store.entry(AUTHORITY)
        if ca_bundle is None:
            ca_bundle = created[AUTHORITY] = pki.authority(needs.environment, moment).pem()
        ca = pki.Pair.parse(ca_bundle)
        renewed: dict[str, bytes] = {}
        for leaf in needs.leaves:
            bundle = store.entry(leaf.entry)
            if bundle is None or pki.wants_renewal(bundle, leaf, ca, moment):
                life = timedelta(days=needs.certificate_days)
                made = pki.issue(ca, leaf.names, leaf.addresses, life, moment).pem()
                (created if bundle is None else renewed)[leaf.entry] = made
        for provided in needs.provided:
            entries = adopted(provided, store.entry(provided.bundle_entry), moment)
            created |= {name: content for name, content in entries.items() if store.entry(name) is None}
            renewed |= {name: new for name, new in entries.items() if store.entry(name) not in (None, new)}
        store.save(created | renewed, kinds, moment)
    return Minted(tuple(sorted(created)), tuple(sorted(renewed)))


def _kinds(needs: Needs) -> dict[str, str]:
    own = {DIGEST_KEY: "digest-key", SSH_KEY: "ssh-key", AUTHORITY: "authority"}
    declared = {secret.name: secret.kind for secret in needs.secrets}
    provided = {one.bundle_entry: CERTIFICATE for one in needs.provided}
    provided |= {one.authority_entry: TRUST for one in needs.provided if one.authority}
    return own | declared | provided | {leaf.entry: "leaf" for leaf in needs.leaves}


def _makers(needs: Needs) -> dict[str, Callable[[], bytes]]:
    own = {DIGEST_KEY: values.digest_key, SSH_KEY: values.ssh_key}
    return own | {secret.name: values.MAKERS[secret.kind] for secret in needs.secrets}
