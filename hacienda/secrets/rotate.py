"""Rotation: new values for what a store has, and the steps that follow when nodes have them.

A rotation of what nodes must agree on is not at its end when the store has a new value: the former one is accepted until every
node has the new one. The store remembers which rotations are not (`rotating` in its index). `finish` takes the next step of
those that every node has; an authority's takes three steps, everything else one.
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

STEADY = ("authority", "token", "fernet-keys")
"""Kinds whose rotation has an end: when every node has the new value. The next one has to wait for it: nodes have one of two
values then, never one of three, and a staged key is everywhere before it signs."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation did: names of entries, sorted.

    Args:
        changed: those with a new value.
        waiting: those left as they are, because their last rotation has not reached every node.
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
    """Make new values.

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
    """Entries whose rotation is not at its end, and since when."""
    return {name: known["rotating"] for name, known in sorted(store.index().items()) if "rotating" in known}


def finish(store: Store, reached: Mapping[str, str], now: datetime | None = None) -> bool:
    """Take the next step of rotations that every node has.

    Args:
        store: where they are.
        reached: those that every node has, as `unfinished` told them before it was delivered: one that was rotated again
            meanwhile is not among them.
        now: the time; None: the clock's.

    Returns:
        Whether the step is one that nodes have to be given, too.
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
    """Where a new value goes: a CA's beside the present one."""
    purpose = authorities.purpose_of(name)
    return authorities.following(purpose) if purpose else name


def _choose(known: dict[str, str], names: Sequence[str], kinds: Collection[str]) -> list[str]:
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


@dataclass(frozen=True)
class _Old:
    """What a new value is made after."""

    store: Store
    name: str
    keys: int
    moment: datetime

    @property
    def content(self) -> bytes:
        """The present value."""
        return self.store.entry(self.name) or b""


def _leaf(old: _Old) -> bytes:
    node, _, name = old.name.removeprefix("nodes/").removesuffix("/bundle.pem").partition("/x509/")
    certificate = pki.Pair.parse(old.content).certificate
    leaf = pki.described(Leaf(node, name), certificate)
    ca = pki.Pair.parse(old.store.get(authorities.present(leaf.authority)))
    return pki.issue(ca, leaf, pki.life(certificate), old.moment).pem()


_MAKERS: Mapping[str, Callable[[_Old], bytes]] = {
    "authority": lambda old: pki.successor(pki.Pair.parse(old.content), old.moment).pem(),
    "digest-key": lambda old: values.digest_key(),
    "erlang-cookie": lambda old: values.token(),
    "fernet-keys": lambda old: values.rotated_fernet_keys(old.content, old.keys),
    "leaf": _leaf,
    "token": lambda old: values.token(),
}

ALIASES: Mapping[str, str] = {"ca": "authority"}
"""What kinds are called besides."""

ROTATABLE = tuple(_MAKERS)
"""Kinds that rotation makes anew. The deployer's SSH key is not among them: machines learn it in their first boot."""
