"""The resources that Terraform includes in a plan with `-target`: the targets and everything they depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.guard.references import dependencies
from hacienda.review.plan.reader import Plan

Base = tuple[tuple[str, ...], str]
"""A resource in the configuration: the modules around it, and `type.name`."""


def closure(plan: Plan, addresses: Iterable[str]) -> frozenset[str]:
    """Addresses that a plan with these targets includes.

    Terraform follows references between resources, not between their instances. It includes all instances of a resource to
    which a target refers. The plan's configuration shows references that are written out. The state records those that pass
    through local values.
    """
    wanted = set(addresses)
    by_base: dict[Base, list[PlannedAction]] = {}
    for change in plan.resources:
        by_base.setdefault(_base(change), []).append(change)
    waiting = [change for change in plan.resources if change.address in wanted]
    followed: set[Base] = set()
    while waiting:
        change = waiting.pop()
        if _base(change) in followed:
            continue
        followed.add(_base(change))
        for needed in (one for base in _needed(plan, change, by_base) for one in by_base[base]):
            if needed.address not in wanted:
                wanted.add(needed.address)
                waiting.append(needed)
    return frozenset(wanted)


def _base(change: PlannedAction) -> Base:
    return tuple(name for name, _ in change.module), change.base


def _needed(plan: Plan, change: PlannedAction, known: Collection[Base]) -> Iterator[Base]:
    for target in dependencies(plan, change):
        if target.base:
            yield from {(target.module, target.base)}.intersection(known)
        else:  # a whole module
            yield from (base for base in known if base[0][: len(target.module)] == target.module)
