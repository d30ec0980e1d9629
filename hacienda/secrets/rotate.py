"""Rotation: new values for entries of a store, and the steps that follow when nodes have them.

Nodes must agree on some values. The rotation of such a value continues after the store has a new one: nodes accept the
former value until every node has the new one. The store records unfinished rotations (`rotating` in its index).
`finish` takes the next step of a rotation that has reached every node. An authority needs three steps, all other kinds
one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from hacienda.declare import FERNET_KEYS
from hacienda.declare.similar import similar
from hacienda.errors import InputError, Problem
from hacienda.secrets import authorities, pki, values
from hacienda.secrets.needs import Leaf
from hacienda.secrets.store import Store

STEADY = ("authority", "token", "fernet-keys", "ceph-key")
"""Kinds whose rotation ends when every node has the new value. The next rotation waits for that end. So nodes have one
of two values, never one of three, and every node has a staged key before it signs."""


@dataclass(frozen=True)
class Rotated:
    """The result of a rotation: names of entries, sorted.

    Args:
        changed: entries with a new value.
        waiting: unchanged entries, because their last rotation has not reached every node.
    """

    changed: tuple[str, ...]
    waiting: tuple[str, ...]


def rotate(
    store: Store,
    names: Sequence[str] = (),
    kinds: Sequence[str] = (),
    keys: Mapping[str, int] | None = None,
    now: datetime | None = None,
) -> Rotated:
    """Create new values.

    Args:
        store: the store with the entries.
        names: entries; `*` and `?` match (`database/*`, `nodes/ctl-1/*`).
        kinds: in addition, all entries of these kinds (ROTATABLE).
        keys: number of keys by repository, as in `Needs`; 3, Keystone's default, for any other repository.
        now: current time; None: the clock's.

    Raises:
        InputError: a name matches no entry, or one that cannot be rotated.
    """
    moment, kept = now or pki.utc_now(), keys or {}
    with store.changing():
        index = store.index()
        known = {name: index[name]["kind"] for name in store.names() if name in index and not authorities.is_step(name)}
        chosen = _choose(known, names, [ALIASES.get(kind, kind) for kind in kinds])
        waiting = [name for name in chosen if known[name] in STEADY and "rotating" in index[name]]
        changing = [name for name in chosen if name not in waiting]
        target = {name: _target(name) for name in changing}
        old = {name: _Old(store, name, kept.get(name, FERNET_KEYS), moment) for name in changing}
        changed = {target[name]: _MAKERS[known[name]](old[name]) for name in changing}
        steady = [name for name in changing if known[name] in STEADY]
        store.save(changed, {target[name]: known[name] for name in changing}, moment, rotating=steady)
    return Rotated(tuple(changing), tuple(waiting))


def unfinished(store: Store) -> dict[str, str]:
    """Entries with an unfinished rotation -> its start."""
    return {name: known["rotating"] for name, known in sorted(store.index().items()) if "rotating" in known}


def finish(store: Store, reached: Mapping[str, str], now: datetime | None = None) -> bool:
    """Take the next step of rotations that have reached every node.

    Args:
        store: the store with the entries.
        reached: rotations that have reached every node, as `unfinished` listed them before the delivery. An entry that
            was rotated again since then does not count.
        now: current time; None: the clock's.

    Returns:
        Whether the step needs another delivery to the nodes.
    """
    moment = now or pki.utc_now()
    with store.changing():
        current = unfinished(store)
        ended = [name for name, since in reached.items() if current.get(name) == since]
        changes: dict[str, bytes | None] = {}
        for purpose in filter(None, map(authorities.purpose_of, ended)):
            changes |= authorities.advanced(store, purpose)
        again = [name for name in ended if name in changes]
        store.save(changes, dict.fromkeys(changes, authorities.KIND), moment, rotated=ended, rotating=again)
    return bool(changes)


def _target(name: str) -> str:
    """Entry that takes a new value: for a CA, beside the current one."""
    purpose = authorities.purpose_of(name)
    return authorities.following(purpose) if purpose else name


def _choose(known: dict[str, str], names: Sequence[str], kinds: Collection[str]) -> list[str]:
    problems = [
        Problem(where=kind, reason="is not a kind of secret that can rotate", fix=f"One of: {', '.join(ROTATABLE)}")
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
                    reason="is not a secret of this environment",
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


@dataclass(frozen=True)
class _Old:
    """The specification of a new value."""

    store: Store
    name: str
    keys: int
    moment: datetime

    @property
    def content(self) -> bytes:
        """The current value."""
        return self.store.entry(self.name) or b""


def _leaf(old: _Old) -> bytes:
    node, _, name = old.name.removeprefix("nodes/").removesuffix("/bundle.pem").partition("/x509/")
    certificate = pki.Pair.parse(old.content).certificate
    leaf = pki.described(Leaf(node, name), certificate)
    ca = pki.Pair.parse(old.store.get(authorities.present(leaf.authority)))
    return pki.issue(ca, leaf, pki.life(certificate), old.moment).pem()


_MAKERS: Mapping[str, Callable[[_Old], bytes]] = {
    "authority": lambda old: pki.successor(pki.Pair.parse(old.content), old.moment).pem(),
    "ceph-key": lambda old: values.ceph_key(),
    "digest-key": lambda old: values.digest_key(),
    "erlang-cookie": lambda old: values.token(),
    "fernet-keys": lambda old: values.rotated_fernet_keys(old.content, old.keys),
    "leaf": _leaf,
    "token": lambda old: values.token(),
}

ALIASES: Mapping[str, str] = {"ca": "authority"}
"""Other names of kinds."""

ROTATABLE = tuple(_MAKERS)
"""Kinds that can rotate. The deployer's SSH key cannot, because machines learn it in their first boot."""
