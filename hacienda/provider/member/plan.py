"""Plans a member: its changes, the resulting restarts, and whether a delivery is necessary."""

from __future__ import annotations

from collections.abc import Mapping

from hacienda import quorum
from hacienda.declare.effect import restarts
from hacienda.provider.framework.context import Context
from hacienda.provider.framework.values import UNKNOWN, State, known
from hacienda.provider.member import bundle
from hacienda.provider.member.declaration import DELIVERED, voter
from hacienda.remote import trust
from hacienda.secrets.store import comparable

_COUNTED = ("voters", "peers", "redundancy")
"""Attributes that say with whom a member is counted."""


def needs_delivery(prior: State, planned: State) -> bool:
    """Whether the node's content changes, or the last delivery did not converge."""
    return prior["converged"] is not True or any(prior[name] != planned[name] for name in DELIVERED)


def creation(context: Context, planned: State) -> None:
    """Complete the plan of a creation."""
    planned["id"] = planned["node"]
    planned["restarts"] = []
    effects = bundle.effects(planned["bundle"]) if known(planned["bundle"]) else bundle.Effects({}, {}, {}, {})
    context.private.update(actions=dict(effects.files), attributes=dict(effects.attributes))


def update(context: Context, prior: State, planned: State) -> None:
    """Complete the plan of a change in place."""
    if not needs_delivery(prior, planned):
        return
    planned["converged"] = planned["installed"] = UNKNOWN
    if not all(known(planned[name]) for name in (*DELIVERED, "bundle")):
        planned["restarts"] = UNKNOWN
        return
    effects = bundle.effects(planned["bundle"])
    changed = _differing(prior["files"], planned["files"])
    secrets = _changed_secrets(prior["secrets"] or {}, planned["secrets"] or {})
    for name in secrets:
        changed.update(effects.secrets.get(name, ()))
    # `files` covers texts only. For deliveries before attributes were recorded, the current attributes count.
    remembered = context.private.get("attributes", {})
    changed.update(path for path, own in effects.attributes.items() if remembered.get(path, own) != own)
    # A file that leaves the bundle is not in the new manifest. Its action comes from the record of the last delivery.
    actions = {**context.private.get("actions", {}), **effects.files}
    planned["restarts"] = [*_reconciliations(effects, secrets), *restarts(actions, changed)]
    mentioned = prior["files"].keys() | planned["files"].keys()
    context.private.update(
        actions={path: action for path, action in actions.items() if path in mentioned},
        attributes=dict(effects.attributes),
    )


def changed(prior: State, planned: State) -> quorum.Departure | None:
    """Groups that lose this member by a change in place: all of them if it may be on another machine from now on, else
    the groups that are no longer declared."""
    member = voter(prior)
    host = planned["host"] if known(planned["host"]) else None
    proven = prior["trust"] == planned["trust"] and trust.proves(prior["trust"])
    return quorum.moved(member, prior["host"], host, proven=proven) or quorum.dropped(member, _groups(planned, prior))


def declared(prior: State, planned: State) -> quorum.Member:
    """An existing member as it will be declared. Unknown values are the former ones."""
    return voter({**planned, **{name: prior[name] for name in _COUNTED if not known(planned[name])}})


def restarting(prior: State, planned: State) -> Mapping[str, str]:
    """Redundancy groups whose daemons this change may restart -> failure domain of the member. After an installation that did not
    converge, the node may still need any restart."""
    asked = planned["restarts"]
    every = prior["converged"] is not True or not known(asked)
    return {
        group: share.domain
        for group, share in voter(planned).shares.items()
        if every or not {f"restart {group}", f"reload {group}"}.isdisjoint(asked or ())
    }


def _groups(planned: State, prior: State) -> frozenset[str]:
    """Voter groups and redundancy groups after a change in place. Unknown values are the former ones."""
    found = (planned[name] if known(planned[name]) else prior[name] for name in ("voters", "redundancy"))
    return frozenset(group for groups in found for group in groups or {})


def _changed_secrets(old: dict[str, str], new: dict[str, str]) -> set[str]:
    """Secrets that are added, removed or changed. A digest under another key does not show a change."""
    shared = old.keys() & new.keys()
    return {name for name in _differing(old, new) if name not in shared or comparable(old[name], new[name])}


def _reconciliations(effects: bundle.Effects, secrets: set[str]) -> list[str]:
    """Secrets that are applied without a file: `reconcile <service>: <secrets>`."""
    owed: dict[str, list[str]] = {}
    for name in sorted(secrets):
        for service in effects.reconciled.get(name, ()):
            owed.setdefault(service, []).append(name)
    return [f"reconcile {service}: {', '.join(names)}" for service, names in sorted(owed.items())]


def _differing(old: dict[str, str], new: dict[str, str]) -> set[str]:
    return {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
