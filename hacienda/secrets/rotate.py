"""Rotation: new values for what a store has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from hacienda.declare import FERNET_KEYS, SecretKind
from hacienda.errors import InputError, Problem, similar
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
    keys: Mapping[str, int] | None = None,
    now: datetime | None = None,
) -> tuple[str, ...]:
    """Make new values; returns the entries that changed, sorted.

    Args:
        store: where they are.
        names: entries; `*` and `?` match (`database/*`, `nodes/ctl-1/*`).
        kinds: besides: everything of these kinds (ROTATABLE).
        keys: as Needs has them; 3, Keystone's default, for a repository that is not named.
        now: the time; None: the clock's.

    Raises:
        InputError: a name matches nothing, or what it matches cannot be rotated.
    """
    moment, kept = now or pki.utc_now(), keys or {}
    with store.changing():
        index = store.index()
        known = {name: index[name]["kind"] for name in store.names() if name in index}
        chosen = _choose(known, names, kinds)
        changed = {name: _renewed(store, name, known[name], kept.get(name, FERNET_KEYS), moment) for name in chosen}
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
            near = similar(pattern, known)
            problems.append(
                Problem(
                    where=pattern,
                    reason="is no secret of this environment",
                    fix=f"Did you mean {near}?" if near else "See: hacienda secrets show ENV",
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


def _renewed(store: Store, name: str, kind: str, keys: int, moment: datetime) -> bytes:
    old = store.entry(name) or b""
    if kind == "fernet-keys":
        return values.rotated_fernet_keys(old, keys)
    if kind in _TOKENS:
        return values.MAKERS[_TOKENS[kind]]()
    ca = pki.Pair.parse(store.get(AUTHORITY))
    certificate = pki.Pair.parse(old).certificate
    dns, addresses = pki.alternatives(certificate)
    return pki.issue(ca, dns, addresses, pki.life(certificate), moment).pem()
