"""Judges each step of a safe order as the plan that Terraform would make for it."""

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
"""A plan's source, and a Terraform address in it."""


def tried(
    order: Order, plans: Sequence[Plan], cluster: Cluster, *, accept: Collection[str] = (), allowed: bool = False
) -> Order:
    """The order itself, if each step would be safe as a plan; otherwise an order that holds the hindrance.

    Args:
        order: the order to try.
        plans: the plans that the order carries out.
        cluster: the cluster that the order changes.
        accept: services whose last copy may be lost.
        allowed: whether the environment of the cluster may be destroyed.
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
    """Addresses that a step changes: the closure of its targets, without requested replacements that the step does not name."""
    if not step.targets:
        return frozenset(change.address for change in plan.resources)
    waiting = {change.address for change in plan.resources if change.requested} - set(step.requested)
    return closure(plan, [address for source, address in step.targets if source == plan.source]) - waiting


def _planned(plan: Plan, included: Collection[str], done: Collection[Place]) -> Plan:
    """The plan of one step.

    Resources that earlier steps changed have their planned values. Resources that the step omits stay as they are. Pending
    creations remain, because other members may count those voters.
    """
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
    """Networks that a step destroys."""
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
    with_them = f", and so {enumerate_names(others)}" if others else ""
    return (
        f"the step '{told(step)}' includes everything to which its targets refer{with_them}: too few members would remain. "
        "Change less at a time: first what members share, without any member. Apply each change."
    )
