"""What it costs when certain members of a cluster are gone at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from hacienda import quorum
from hacienda.review.plan.guard.members import Cluster, MemberState


@dataclass(frozen=True)
class LastCopy:
    """Services that nobody would run any more.

    Args:
        services: their names, sorted.
        nodes: who runs them, sorted.
    """

    services: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Price:
    """A cost; false where there is none.

    Args:
        losses: voter groups without a majority.
        last: other services without a copy, those of the same nodes together.
    """

    losses: tuple[quorum.Loss, ...] = ()
    last: tuple[LastCopy, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.losses or self.last)


def cost(cluster: Cluster, *, accept: Collection[str] = (), allowed: bool = False) -> Price:
    """What the plans of a cluster cost as a whole; see `price`."""
    return price(cluster, cluster.going, missing=cluster.missing, accept=accept, allowed=allowed)


def price(
    cluster: Cluster,
    going: Collection[MemberState],
    *,
    missing: Collection[str] = (),
    accept: Collection[str] = (),
    allowed: bool = False,
) -> Price:
    """What it costs.

    Args:
        cluster: the cluster.
        going: states of it whose members are not there: planned to go, or found blank.
        missing: names of voters that do not exist yet, or not any more, and are counted on.
        accept: services whose last copy may go.
        allowed: whatever is not replaced costs nothing: the environment is to be destroyed, or a service given up.
    """
    gone = {state.address for state in going}
    losses = [
        loss for peer_group in cluster.peer_groups for loss in _losses(cluster, peer_group, gone, missing, allowed)
    ]
    if allowed and not any(state.outcome == "replaced" for state in going):
        return Price()
    told = {loss.group for loss in losses}
    return Price(tuple(losses), tuple(_last(cluster, going, {*accept, *told})))


def _losses(
    cluster: Cluster, peer_group: Sequence[MemberState], gone: Collection[str], missing: Collection[str], allowed: bool
) -> tuple[quorum.Loss, ...]:
    found = [state.departure for state in peer_group if state.address in gone and state.departure]
    # Where a name is there twice (what a failed replacement left behind), what is planned counts.
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
