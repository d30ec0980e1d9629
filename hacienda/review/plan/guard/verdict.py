"""The verdict on plans: whether they would cost a majority of a voter group, or the last copy of a service."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hacienda import quorum
from hacienda.review.plan.guard.members import Cluster, MemberState, clusters
from hacienda.review.plan.guard.order import Order, safe_order
from hacienda.review.plan.guard.price import Price, cost
from hacienda.review.plan.guard.trial import tried
from hacienda.review.plan.reader import Plan

FORGOTTEN = (
    "{nodes}: forgotten, not destroyed. A forgotten member keeps running and voting, but no later plan counts it."
)
PARTIAL = "{source} leaves changes for later (-target, or deferred): the guard counts only the changes in it."


@dataclass(frozen=True)
class Judged:
    """The verdict on one cluster.

    Args:
        name: the environment's name; empty: unknown.
        going: members that depart by plan, or were found blank.
        price: cost of the plans for this cluster.
        order: the safe order of the same changes; empty if nothing is refused.
        waived: the cost that the operator allowed on purpose.
        views: members that will exist, as each of them counts the others.
    """

    name: str
    going: tuple[MemberState, ...]
    price: Price
    order: Order
    waived: Price
    views: tuple[quorum.Member, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The guard's verdict on all plans.

    Args:
        clusters: the verdict on each cluster.
        notes: further facts for the reader, one a line.
    """

    clusters: tuple[Judged, ...]
    notes: tuple[str, ...]

    @property
    def refused(self) -> bool:
        """Whether the plans must not be applied as they are."""
        return any(judged.price for judged in self.clusters)

    @property
    def feasible(self) -> bool:
        """Whether a safe order exists for every refused cluster."""
        return not any(judged.price and judged.order.hindrances for judged in self.clusters)


def judge(plans: Sequence[Plan], *, accept: Collection[str] = (), allowed: Collection[str] = ()) -> Verdict:
    """Judge as one the plans that are applied one after another.

    Args:
        plans: the plans.
        accept: services whose last copy may be lost.
        allowed: names of environments that may be destroyed: deletions cost nothing there, replacements do.

    Raises:
        InputError: the values of a member in a plan are not those of a Hacienda member.
    """
    found = clusters(plans)
    free = {*allowed, *_allowing(plans)}
    judged = tuple(_judge(plans, cluster, frozenset(accept), cluster.name in free) for cluster in found)
    return Verdict(judged, tuple(_notes(plans, found)))


def _judge(plans: Sequence[Plan], cluster: Cluster, accept: frozenset[str], allowed: bool) -> Judged:
    whole = cost(cluster, accept=accept)
    price = cost(cluster, accept=accept, allowed=True) if allowed else whole
    order = (
        tried(safe_order(cluster, accept=accept), plans, cluster, accept=accept, allowed=allowed) if price else Order()
    )
    waived = Price() if price else whole
    return Judged(cluster.name, cluster.going, price, order, waived, tuple(cluster.views.values()))


def _allowing(plans: Iterable[Plan]) -> Iterable[str]:
    """Environments whose provider block says `allow_destroy = true`."""
    for plan in plans:
        for provider in (plan.configuration.get("provider_config") or {}).values():
            written = provider.get("expressions") or {}
            if (written.get("allow_destroy") or {}).get("constant_value") is True:
                yield str((written.get("environment") or {}).get("constant_value"))


def _notes(plans: Iterable[Plan], found: Iterable[Cluster]) -> Iterable[str]:
    for plan in plans:
        if plan.partial:
            yield PARTIAL.format(source=plan.source or "The plan")
    for cluster in found:
        forgotten = [state.node for state in cluster.states if state.outcome == "forgotten"]
        if forgotten:
            yield FORGOTTEN.format(nodes=quorum.enumerate_names(sorted(forgotten)))
