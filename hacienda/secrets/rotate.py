"""Rotation: new values for what a store has."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from hacienda.declare import SecretKind
from hacienda.errors import InputError, Problem
from hacienda.secrets import pki, values
from hacienda.secrets.store import AUTHORITY, Store

ROTATABLE = ("token", "erlang-cookie", "fernet-keys", "leaf")
"""Kinds that rotation makes anew. The CA and the deployer's SSH key are not among them: every node would have to trust the
new one before the old one goes, in two applies."""

_TOKENS: dict[str, SecretKind] = {"token": "token", "erlang-cookie": "erlang-cookie"}


def rotate(
    store: Store,
    names: Sequence[str] = (),
    kinds: Sequence[str] = (),
    max_active_keys: int = values.FERNET_MAX_ACTIVE,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Make new values; returns the entries that changed, sorted.

    Args:
        store: where they are.
        names: entries; `*` and `?` match (`database/*`, `nodes/ctl-1/*`).
        kinds: besides: everything of these kinds (ROTATABLE).
        max_active_keys: fernet keys that stay after a rotation, staged and primary among them; 3, as Keystone's default.
        now: the time; None: the clock's.

    Raises:
        InputError: a name matches nothing, or what it matches cannot be rotated.
    """
    moment = now or pki.utc_now()
    with store.changing():
        index = store.index()
        known = {name: index[name]["kind"] for name in store.names() if name in index}
        chosen = _choose(known, names, kinds)
        changed = {name: _renewed(store, name, known[name], max_active_keys, moment) for name in chosen}
        store.save(changed, {name: known[name] for name in chosen}, moment)
    return tuple(chosen)


def _choose(known: dict[str, str], names: Sequence[str], kinds: Sequence[str]) -> list[str]:
    problems = [
        Problem(where=kind, reason="is no kind of secret that rotates", fix=f"One of: {', '.join(ROTATABLE)}")
        for kind in kinds
        if kind not in ROTATABLE
    ]
    chosen = {name for name, kind in known.items() if kind in kinds}
    for pattern in names:
        matching = {name for name in known if fnmatchcase(name, pattern)}
        if not matching:
            near = difflib.get_close_matches(pattern, known, n=1)
            problems.append(
                Problem(
                    where=pattern,
                    reason="is no secret of this environment",
                    fix=f"Did you mean {near[0]}?" if near else "See: hacienda secrets show ENV",
                )
            )
        problems += [
            Problem(where=name, reason=f"is not rotated by this command (kind {known[name]})")
            for name in sorted(matching)
            if known[name] not in ROTATABLE and name == pattern
        ]
        chosen |= {name for name in matching if known[name] in ROTATABLE}
    if problems:
        raise InputError(problems)
    return sorted(chosen)


def _renewed(store: Store, name: str, kind: str, max_active_keys: int, moment: datetime) -> bytes:
    old = store.entry(name) or b""
    if kind == "fernet-keys":
        return values.rotated_fernet_keys(old, max_active_keys)
    if kind in _TOKENS:
        return values.MAKERS[_TOKENS[kind]]()
    ca = pki.Pair.parse(store.get(AUTHORITY))
    certificate = pki.Pair.parse(old).certificate
    dns, addresses = pki.alternatives(certificate)
    return pki.issue(ca, dns, addresses, pki.life(certificate), moment).pem()
