"""Compares two renderings of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hacienda.review.diff import trust
from hacienda.review.diff.grouping import changes_of_files
from hacienda.review.diff.model import Diff, Kind, NodeChange, PackageChange
from hacienda.review.diff.pair import Pair
from hacienda.review.diff.rendering import RenderedNode, Rendering
from hacienda.review.diff.resources import changes
from hacienda.review.diff.steps import steps

MOST_LINES = 200
"""Lines of one change that are kept by default. Nobody reads more of one file, and a report needs room for others."""


def compare(
    before: Rendering, after: Rendering, *, lines: int | None = MOST_LINES, replaces: bool = False, code: int = 0
) -> Diff:
    """The differences between two renderings.

    Args:
        before, after: the two renderings.
        lines: most lines kept of one change; None: all.
        replaces: the platform replaces a machine when its user-data or network-config changes.
        code: number of files of Hacienda's own code that differ from the base's.
    """
    both = (Pair(before.machines[name], after.machines[name]) for name in after.machines if name in before.machines)
    changed = {pair.name: pair for pair in both if pair.differs}
    nodes = [
        _node(changed[name]) if name in changed else _whole(machine, "added")
        for name, machine in after.machines.items()
        if name in changed or name not in before.machines
    ]
    nodes += [_whole(machine, "removed") for name, machine in before.machines.items() if name not in after.machines]
    # A caller that passes no trust for the new side asks for no comparison of trust.
    trusted_before = before.trust if before.machines and after.trust is not None else {}
    known = before.resources is not None or not before.machines
    return Diff(
        nodes=tuple(nodes),
        files=tuple(changes_of_files(before, after, changed, lines)),
        steps=tuple(steps(changed.values())),
        packages=tuple(_packages(changed)),
        replaces=replaces,
        resources=tuple(changes(before.resources or {}, after.resources or {})) if known and before.machines else (),
        resources_known=known,
        trust=trust.changes(trusted_before or {}, after.trust or {}, code) if trusted_before is not None else (),
        trust_known=trusted_before is not None,
    )


def _node(pair: Pair) -> NodeChange:
    return NodeChange(pair.name, "changed", pair.texts, pair.restarts, pair.first_boot, len(pair.texts))


def _whole(machine: RenderedNode, kind: Kind) -> NodeChange:
    return NodeChange(machine.name, kind, {}, (), (), len(machine.files))


def _packages(pairs: Mapping[str, Pair]) -> Iterator[PackageChange]:
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for name, pair in pairs.items():
        old, new = set(pair.before.packages), set(pair.after.packages)
        if old != new:
            found.setdefault((tuple(sorted(new - old)), tuple(sorted(old - new))), []).append(name)
    for (added, removed), nodes in found.items():
        yield PackageChange(added, removed, tuple(nodes))
