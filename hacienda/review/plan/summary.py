"""Summary of a Terraform plan: machines, members, and the files that change on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hacienda.declare.resource_types import GATE
from hacienda.review import names
from hacienda.review.plan.action import Kind, PlannedAction


def describe(environment: str, found: Iterable[PlannedAction]) -> list[str]:
    """A few lines on what a plan changes in the cloud: machines first, then each changed file once, with its nodes."""
    listed = [change for change in found if change.type != GATE]
    if not listed:
        return [f"{environment}: no changes"]
    return [f"{environment}: {_counts(listed)}", *_replaced(listed), *_file_lines(listed), *_other_lines(listed)]


def _counts(found: Sequence[PlannedAction]) -> str:
    machines = {change.name: change.kind for change in found if change.is_machine}
    members = {change.name: change.kind for change in found if change.is_member}
    # Where the machine already exists, the plan creates only the member.
    merged = {**{name: kind for name, kind in members.items() if kind != "update"}, **machines}
    reconfigured = [name for name, kind in members.items() if kind == "update" and name not in machines]
    counts = {"reconfigured in place": len(reconfigured)}
    words: dict[Kind, str] = {"create": "created", "update": "changed", "replace": "replaced", "delete": "destroyed"}
    counts |= {word: sum(1 for one in merged.values() if one == kind) for kind, word in words.items()}
    said = [f"{count} {word}" for word, count in counts.items() if count]
    if not said:
        return "no machine changes"
    if not counts["replaced"] and not counts["destroyed"]:
        # Readers look for this number first.
        said.append("0 replaced")
    number, _, rest = said[0].partition(" ")
    return ", ".join([f"{number} machine{'' if number == '1' else 's'} {rest}", *said[1:]])


def going(found: Iterable[PlannedAction]) -> dict[str, list[str]]:
    """Names of the machines that are `destroyed` or `replaced`, sorted by their numbers."""
    chosen: dict[str, str] = {}
    for change in found:
        if (change.is_machine or change.is_member) and change.kind in ("replace", "delete"):
            chosen[change.name] = "replaced" if change.kind == "replace" else "destroyed"
    sorted_out = {word: names.natural(name for name, own in chosen.items() if own == word) for word in _GONE}
    return {word: listed for word, listed in sorted_out.items() if listed}


_GONE = ("destroyed", "replaced")


def _replaced(found: Sequence[PlannedAction]) -> list[str]:
    lines = []
    for word, listed in going(found).items():
        if len(listed) > names.FEW:
            lines.append(f"  {names.brief(listed)} are {word}")
        else:
            lines += [f"  {name} is {word}" for name in listed]
    return lines


def _file_lines(found: Sequence[PlannedAction]) -> list[str]:
    """Files and secrets that change on remaining members; one line for each file and kind of change."""
    groups: dict[tuple[str, str], list[PlannedAction]] = {}
    for change in found:
        if change.is_member and change.kind == "update":
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


def _restart_lines(found: Sequence[PlannedAction]) -> list[str]:
    asked: dict[str, list[str]] = {}
    for change in found:
        for action in change.restarts:
            asked.setdefault(action, []).append(change.name)
    return [f"  {action}: {names.brief(names.natural(nodes))}" for action, nodes in sorted(asked.items())]


def _other_lines(found: Sequence[PlannedAction]) -> list[str]:
    others = [change for change in found if not (change.is_machine or change.is_member)]
    return [f"  {change.kind} {change.address}" for change in others]


def document(environment: str, stacks: Iterable[str], found: Sequence[PlannedAction]) -> dict[str, Any]:
    """The summary for programs."""
    return {
        "environment": environment,
        "changes": bool(found),
        "stacks": {
            stack: {
                kind: sum(1 for change in found if change.source == stack and change.kind == kind)
                for kind in ("create", "update", "replace", "delete")
            }
            for stack in stacks
        },
        "machines": {change.name: change.kind for change in found if change.is_machine},
        "members": {
            change.name: {
                "change": change.kind,
                "files": {path: {"before": old, "after": new} for path, (old, new) in change.files.items()},
                "secrets": list(change.secrets),
                "restarts": list(change.restarts),
            }
            for change in found
            if change.is_member
        },
        "resources": {change.address: change.kind for change in found},
    }
