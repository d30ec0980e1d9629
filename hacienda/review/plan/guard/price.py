"""The cost of losing certain members of a cluster at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hacienda import quorum
from hacienda.review.plan.guard.members import Cluster, MemberState


@dataclass(frozen=True)
class LastCopy:
    """Services that no node would run any more.

    Args:
        services: names of the services, sorted.
        nodes: names of the nodes that run them now, sorted.
    """

    services: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Price:
    """A cost. Its truth value is false if there is none.

    Args:
        losses: voter groups that lose their majority.
        shortages: redundancy groups that keep too few copies.
        last: other services that lose their last copy; services of the same nodes share an entry.
    """

    losses: tuple[quorum.Loss, ...] = ()
    shortages: tuple[quorum.Shortage, ...] = ()
    last: tuple[LastCopy, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.losses or self.shortages or self.last)


def cost(cluster: Cluster, *, accept: Collection[str] = (), allowed: bool = False) -> Price:
    """The cost of all plans of a cluster together; see `price`."""
    return price(cluster, cluster.going, missing=cluster.missing, accept=accept, allowed=allowed)


def price(
    cluster: Cluster,
    going: Collection[MemberState],
    *,
    missing: Collection[str] = (),
    accept: Collection[str] = (),
    allowed: bool = False,
) -> Price:
    """The cost of losing members.

    Args:
        cluster: the cluster.
        going: members that depart by plan, or were found blank.
        missing: names of voters that other members count and that do not exist yet, or no longer exist.
        accept: services whose last copy may be lost.
        allowed: only replacements cost something: the operator destroys the environment, or gives up a service.
    """
    gone = {state.address for state in going}
    losses = [
        loss for peer_group in cluster.peer_groups for loss in _losses(cluster, peer_group, gone, missing, allowed)
    ]
    if allowed and not any(state.outcome == "replaced" for state in going):
        return Price()
    short = quorum.shortages([departure for state in going if (departure := _undrained(state))])
    told = {loss.group for loss in losses} | {one.group for one in short}
    return Price(tuple(losses), short, tuple(_last(cluster, going, {*accept, *told})))


def _undrained(state: MemberState) -> quorum.Departure | None:
    """A member's departure as its copies see it: the provider drains a deleted member, and none whose machine alone is deleted."""
    departure = state.departure
    if departure is None or state.outcome != "deleted" or state.declared is None:
        return departure
    return dataclasses.replace(departure, way="replaced")


def _losses(
    cluster: Cluster, peer_group: Sequence[MemberState], gone: Collection[str], missing: Collection[str], allowed: bool
) -> tuple[quorum.Loss, ...]:
    found = [state.departure for state in peer_group if state.address in gone and state.departure]
    # A failed replacement leaves a name twice; the planned departure overrides the found one.
    found.sort(key=lambda departure: departure.way in quorum.PLANNED)
    departures = {departure.member.node: departure for departure in found}
    for name in missing:
        departures.setdefault(name, quorum.Departure(quorum.Member(name, {}, {}), "blank"))
    views = [cluster.views[state.address] for state in peer_group if state.address in cluster.views]
    return quorum.refused(departures.values(), views, allowed=allowed)


def _last(cluster: Cluster, going: Collection[MemberState], accept: Collection[str]) -> Iterable[LastCopy]:
    planned = {state.address for state in going if state.outcome in quorum.PLANNED}
    groups: dict[frozenset[str], list[str]] = {}
    for service, addresses in cluster.copies.items():
        gone = {state.address for state in going if state.gives_up(service)}
        if service not in accept and addresses <= gone and addresses & planned:
            groups.setdefault(addresses, []).append(service)
    names = {state.address: state.node for state in going}
    found = {tuple(sorted(names[one] for one in addresses)): services for addresses, services in groups.items()}
    for nodes, services in sorted(found.items()):
        yield LastCopy(tuple(sorted(services)), nodes)
