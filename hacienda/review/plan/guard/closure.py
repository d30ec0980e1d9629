"""What Terraform includes when it is given `-target`: the targets, and everything that they depend on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.guard.references import dependencies
from hacienda.review.plan.reader import Plan

Base = tuple[tuple[str, ...], str]
"""A resource as it is configured: the modules that it is in, and `type.name`."""


def closure(plan: Plan, addresses: Iterable[str]) -> frozenset[str]:
    """Addresses that a plan of these targets alone includes.

    Terraform follows references between resources, not between their instances: what an instance refers to is included with
    all of its instances. The plan's configuration tells the references that are written out, the state those that went
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
