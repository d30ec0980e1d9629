"""What a Terraform plan means for the cloud: machines and members, and the files that change on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hacienda.review import names
from hacienda.secrets.store import DIGEST_KEY, comparable

Kind = Literal["create", "update", "replace", "delete"]

MEMBER = "hacienda_member"
GATE = "hacienda_gate"
MACHINES = ("hacienda_incus_instance",)
"""Resource types that are machines; members live on them."""


@dataclass(frozen=True)
class Change:
    """One resource that changes.

    Args:
        stack: the stack it is in.
        address: its Terraform address.
        type: resource type.
        name: the node's name for members and machines, else the last part of the address.
        kind: what happens to it.
        files: members: path -> short hash before and after; None: not there.
        secrets: members: names of the secrets that change; `digest/key`, where digests are under another key and tell nothing.
        restarts: members: what is done to services, `restart galera`, `reload haproxy` or `reconcile galera: database/keystone`.
    """

    stack: str
    address: str
    type: str
    name: str
    kind: Kind
    files: Mapping[str, tuple[str | None, str | None]]
    secrets: tuple[str, ...]
    restarts: tuple[str, ...]


def changes(stack: str, plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changes in a stack.

    Args:
        stack: its name.
        plan: the document of `terraform show -json` for a saved plan.
    """
    entries = plan.get("resource_changes") or ()
    found = (_change(stack, entry) for entry in entries)
    return tuple(change for change in found if change is not None)


def _change(stack: str, entry: Mapping[str, Any]) -> Change | None:
    kind = _kind(entry["change"]["actions"])
    if kind is None:
        return None
    before, after = entry["change"].get("before") or {}, entry["change"].get("after") or {}
    is_member = entry["type"] == MEMBER
    restarts = after.get("restarts") if is_member and kind == "update" else ()
    return Change(
        stack=stack,
        address=entry["address"],
        type=entry["type"],
        name=str((after or before).get("node") or (after or before).get("name") or entry["name"]),
        kind=kind,
        files=_differing(before.get("files"), after.get("files")) if is_member else {},
        secrets=_secrets(before.get("secrets"), after.get("secrets")) if is_member else (),
        restarts=tuple(restarts or ()),
    )


def _kind(actions: Sequence[str]) -> Kind | None:
    if "delete" in actions and "create" in actions:
        return "replace"
    for kind in ("create", "update", "delete"):
        if kind in actions:
            return kind
    return None


def _differing(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> dict[str, tuple[str | None, str | None]]:
    old, new = before or {}, after or {}
    return {key: (old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)}


def _secrets(before: Mapping[str, str] | None, after: Mapping[str, str] | None) -> tuple[str, ...]:
    differing = _differing(before, after)
    told = {name for name, (old, new) in differing.items() if old is None or new is None or comparable(old, new)}
    return tuple(sorted(told if len(told) == len(differing) else {*told, DIGEST_KEY}))


def describe(environment: str, found: Iterable[Change]) -> list[str]:
    """The cloud's side of a plan in a few lines: machines first, then each change of files once, with the nodes it is on."""
    listed = [change for change in found if change.type != GATE]
    if not listed:
        return [f"{environment}: no changes"]
    return [f"{environment}: {_counts(listed)}", *_replaced(listed), *_file_lines(listed), *_other_lines(listed)]


def _counts(found: Sequence[Change]) -> str:
    machines = {change.name: change.kind for change in found if change.type in MACHINES}
    members = {change.name: change.kind for change in found if change.type == MEMBER}
    # Where machines are already there, a new member is all that is made.
    merged = {**{name: kind for name, kind in members.items() if kind != "update"}, **machines}
    reconfigured = [name for name, kind in members.items() if kind == "update" and name not in machines]
    counts = {"reconfigured in place": len(reconfigured)}
    words: dict[Kind, str] = {"create": "created", "update": "changed", "replace": "replaced", "delete": "destroyed"}
    counts |= {word: sum(1 for one in merged.values() if one == kind) for kind, word in words.items()}
    said = [f"{count} {word}" for word, count in counts.items() if count]
    if not said:
        return "no machine changes"
    if not counts["replaced"] and not counts["destroyed"]:
        # What everybody looks for first.
        said.append("0 replaced")
    number, _, rest = said[0].partition(" ")
    return ", ".join([f"{number} machine{'' if number == '1' else 's'} {rest}", *said[1:]])


def going(found: Iterable[Change]) -> dict[str, list[str]]:
    """Names of the machines that do not stay, under `destroyed` and `replaced`, each in the order of their numbers."""
    chosen: dict[str, str] = {}
    for change in found:
        if change.type in (*MACHINES, MEMBER) and change.kind in ("replace", "delete"):
            chosen[change.name] = "replaced" if change.kind == "replace" else "destroyed"
    sorted_out = {word: names.natural(name for name, own in chosen.items() if own == word) for word in _GONE}
    return {word: listed for word, listed in sorted_out.items() if listed}


_GONE = ("destroyed", "replaced")


def _replaced(found: Sequence[Change]) -> list[str]:
    lines = []
    for word, listed in going(found).items():
        if len(listed) > names.FEW:
            lines.append(f"  {names.brief(listed)} are {word}")
        else:
            lines += [f"  {name} is {word}" for name in listed]
    return lines


def _file_lines(found: Sequence[Change]) -> list[str]:
    """Files and secrets that change on members that stay, those that change alike together."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in found:
        if change.type == MEMBER and change.kind == "update":
            for path, (old, new) in change.files.items():
                word = "added" if old is None else "removed" if new is None else "drifted" if _drift(old) else "changed"
                groups.setdefault((path, word), []).append(change)
            for name in change.secrets:
                groups.setdefault((f"secret {name}", "changed"), []).append(change)
    width = max((len(path) for path, _ in groups), default=0)
    lines = []
    for (path, word), members in groups.items():
        nodes = names.brief(names.natural(change.name for change in members))
        lines.append(f"  {path:<{width}}  {word} on {nodes}")
    return lines + _restart_lines(found)


def _drift(old: str) -> bool:
    return old.startswith("drifted:") or old == "missing"


def _restart_lines(found: Sequence[Change]) -> list[str]:
    asked: dict[str, list[str]] = {}
    for change in found:
        for action in change.restarts:
            asked.setdefault(action, []).append(change.name)
    return [f"  {action}: {names.brief(names.natural(nodes))}" for action, nodes in sorted(asked.items())]


def _other_lines(found: Sequence[Change]) -> list[str]:
    others = [change for change in found if change.type not in (*MACHINES, MEMBER)]
    return [f"  {change.kind} {change.address}" for change in others]


def document(environment: str, stacks: Iterable[str], found: Sequence[Change]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "environment": environment,
        "changes": bool(found),
        "stacks": {
            stack: {
                kind: sum(1 for change in found if change.stack == stack and change.kind == kind)
                for kind in ("create", "update", "replace", "delete")
            }
            for stack in stacks
        },
        "machines": {change.name: change.kind for change in found if change.type in MACHINES},
        "members": {
            change.name: {
                "change": change.kind,
                "files": {path: {"before": old, "after": new} for path, (old, new) in change.files.items()},
                "secrets": list(change.secrets),
                "restarts": list(change.restarts),
            }
            for change in found
            if change.type == MEMBER
        },
        "resources": {change.address: change.kind for change in found},
    }
