"""Steps of a safe order, each as the plan that Terraform would make for it, and judged as every other plan."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence

from hacienda.quorum import enumerate_names
from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.guard.closure import closure
from hacienda.review.plan.guard.machines import is_network
from hacienda.review.plan.guard.members import Cluster, MemberState, clusters
from hacienda.review.plan.guard.order import Order, network_hindrance
from hacienda.review.plan.guard.price import cost
from hacienda.review.plan.guard.step import Step, told
from hacienda.review.plan.reader import Plan

Place = tuple[str, str]
"""A plan's source, and an address in it."""


def tried(
    order: Order, plans: Sequence[Plan], cluster: Cluster, *, accept: Collection[str] = (), allowed: bool = False
) -> Order:
    """The order if each of its steps is safe when it is carried out; otherwise an order that says why there is none.

    Args:
        order: what is to be tried.
        plans: the plans that it is to carry out.
        cluster: whose order it is.
        accept, allowed: as for the plans.
    """
    done: set[Place] = set()
    for step in order.steps:
        included = {plan.source: _included(plan, step) for plan in plans}
        seen = [_planned(plan, included[plan.source], done) for plan in plans]
        for found in clusters(seen):
            lost = cost(found, accept=accept, allowed=allowed and found.name == cluster.name)
            if lost and (step.targets or found.name == cluster.name):
                return Order(hindrances=(_hindrance(step, found.going, _networks(plans, included, done)),))
        done |= {(source, address) for source, addresses in included.items() for address in addresses}
    return order


def _included(plan: Plan, step: Step) -> frozenset[str]:
    """Addresses that a step changes: of its targets' closure, without what only `-replace` would replace and the step does not
    name."""
    if not step.targets:
        return frozenset(change.address for change in plan.resources)
    waiting = {change.address for change in plan.resources if change.requested} - set(step.requested)
    return closure(plan, [address for source, address in step.targets if source == plan.source]) - waiting


def _planned(plan: Plan, included: Collection[str], done: Collection[Place]) -> Plan:
    """The plan of one step: what earlier steps have done is there as it was to become, and what the step leaves out is untouched.
    What is still to be created stays so: others may count on it."""
    return dataclasses.replace(
        plan,
        resources=tuple(_changes(plan, included, done)),
        drifted=tuple(change for change in plan.drifted if (plan.source, change.address) not in done),
    )


def _changes(plan: Plan, included: Collection[str], done: Collection[Place]) -> Iterator[PlannedAction]:
    for change in plan.resources:
        if (plan.source, change.address) in done:
            if change.after is not None:
                known = {**(change.before or {}), **change.after}
                yield dataclasses.replace(change, actions=("no-op",), before=known, after=known, requested=False)
        elif change.address in included or change.before is None:
            yield change
        else:
            yield dataclasses.replace(change, actions=("no-op",), after=change.before, requested=False)


def _networks(plans: Iterable[Plan], included: dict[str, frozenset[str]], done: Collection[Place]) -> tuple[str, ...]:
    """Networks that go in a step."""
    return tuple(
        change.address
        for plan in plans
        for change in plan.resources
        if change.goes
        and is_network(change)
        and change.address in included[plan.source]
        and (plan.source, change.address) not in done
    )


def _hindrance(step: Step, going: Sequence[MemberState], networks: Sequence[str]) -> str:
    if networks:
        return network_hindrance(networks)
    others = sorted({state.node for state in going} - set(step.nodes))
    with_them = f", and {enumerate_names(others)} with it" if others else ""
    return (
        f"to {told(step)} takes all that it refers to along{with_them}: what would be left is too few. Change less at a time: what "
        "members share first, without any of them, and apply each change."
    )
