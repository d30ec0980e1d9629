"""The safe order: the changes of a plan in steps. Each step keeps every quorum and a copy of every service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from hacienda.quorum import ALLOW_DESTROY, Loss, Shortage, enumerate_names
from hacienda.review.plan.guard.members import Cluster, MemberState
from hacienda.review.plan.guard.price import price
from hacienda.review.plan.guard.step import Step


@dataclass(frozen=True)
class Order:
    """A safe order.

    Args:
        steps: steps in the order in which they are applied.
        hindrances: why no safe order exists, or what must happen first; empty: the steps make every change.
    """

    steps: tuple[Step, ...] = ()
    hindrances: tuple[str, ...] = field(default=())


def safe_order(cluster: Cluster, *, accept: Collection[str] = ()) -> Order:
    """Find a safe order.

    Blank members return first. Then voters are replaced one at a time, and other members together, as far as a copy of each
    service remains. Deletions and departures from voter groups come last, because a smaller group tolerates fewer failures.
    Members that move have no order: the files of every member name all addresses, so a step cannot change one address alone.

    Args:
        cluster: the cluster.
        accept: services whose last copy may be lost.
    """
    going = [state for state in cluster.states if state.outcome in ("deleted", "replaced")]
    networks = sorted({address for state in going for address in state.networks})
    if networks:
        return Order(hindrances=(network_hindrance(networks),))
    moving = _moving(cluster)
    if moving:
        return Order(hindrances=(_moved(cluster, moving),))
    steps = _returns(cluster)
    hindrances: list[str] = []
    voting = sorted((s for s in going if s.outcome == "replaced" and s.voter.votes), key=lambda state: state.address)
    for state in voting:
        cost = price(cluster, (state,), accept=accept)
        if cost:
            hindrances.append(
                _alone(state, [loss.group for loss in cost.losses], [n for c in cost.last for n in c.services])
            )
        steps.append(_replacement((state,)))
    others = [state for state in going if state.outcome == "replaced" and not state.voter.votes]
    batches = _batches(cluster, others, accept)
    deleted = [state for state in going if state.outcome == "deleted"]
    shrinking = [*deleted, *(state for state in cluster.states if state.outcome in ("dropped", "forgotten"))]
    # A replaced member does not run its ceased services again.
    shrinking += [replace(state, outcome="dropped") for state in going if state.outcome == "replaced" and state.ceased]
    last = batches.pop() if batches and not price(cluster, (*batches[-1], *shrinking), accept=accept) else []
    for batch in batches:
        cost = price(cluster, batch, accept=accept)
        if cost:
            if cost.shortages:
                hindrances.append(_short(cost.shortages))
            if cost.last:
                hindrances.append(_alone(batch[0], [], [name for copy in cost.last for name in copy.services]))
        steps.append(_replacement(batch))
    hindrances += _shrinking(cluster, deleted, shrinking, accept)
    steps.append(Step("rest", tuple(state.node for state in (*deleted, *last))))
    return Order(tuple(steps) if not hindrances else (), tuple(hindrances))


def _replacement(states: Sequence[MemberState]) -> Step:
    """A step that replaces members. Its targets name their machines too, because not every member refers to its machine."""
    targets = tuple((state.source, address) for state in states for address in (state.address, *state.taken))
    requested = tuple(address for state in states for address in state.requested)
    return Step("replace", tuple(state.node for state in states), targets, requested)


def _returns(cluster: Cluster) -> list[Step]:
    """The step that brings missing members back. It includes the remaining peers, because their files name the members."""
    blank = {(state.source, state.address) for state in cluster.states if state.outcome == "blank"}
    back = [
        (node, (source, address))
        for source, node, address in cluster.created
        if (source, address) in blank or node in cluster.missing
    ]
    if not back:
        return []
    staying = [(s.source, s.address) for peer_group in cluster.peer_groups for s in peer_group if s.outcome == "stays"]
    return [Step("return", tuple(node for node, _ in back), (*(target for _, target in back), *staying))]


def _batches(cluster: Cluster, states: Sequence[MemberState], accept: Collection[str]) -> list[list[MemberState]]:
    """Batches of members. Each member joins the first batch where it costs nothing; otherwise it gets its own batch."""
    batches: list[list[MemberState]] = []
    for state in states:
        for batch in batches:
            if not price(cluster, (*batch, state), accept=accept):
                batch.append(state)
                break
        else:
            batches.append([state])
    return batches


def _shrinking(
    cluster: Cluster, deleted: Sequence[MemberState], shrinking: Sequence[MemberState], accept: Collection[str]
) -> list[str]:
    cost = price(cluster, deleted, accept=accept)
    found = [_shrink(cluster, deleted)] if cost.losses else []
    whole = price(cluster, shrinking, accept=accept)
    more = [loss for loss in whole.losses if loss not in cost.losses]
    forgotten = sorted(state.node for state in shrinking if state.outcome == "forgotten")
    if more:
        found.append(_forgotten(cluster, forgotten) if forgotten else _given_up(cluster, more))
    found += [_short([short]) for short in whole.shortages]
    return [*found, *(_last_copy(copy.nodes, copy.services) for copy in whole.last)]


def _moving(cluster: Cluster) -> list[str]:
    """Names of members that move and thereby contribute to a loss."""
    lost = price(cluster, [state for state in cluster.states if state.outcome != "stays"], missing=cluster.missing)
    nodes = {node for loss in lost.losses for node in loss.leaving} | {
        node for copy in lost.last for node in copy.nodes
    }
    return sorted(state.node for state in cluster.states if state.outcome == "moved" and state.node in nodes)


def _moved(cluster: Cluster, nodes: Sequence[str]) -> str:
    return (
        f"{enumerate_names(nodes)}: another address may belong to another machine, with no data. Change one address at a time, "
        "and nothing else that takes a node away. Apply each change, and wait until everything is healthy. "
        f"If all are known to be the same machines as before, set {ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _forgotten(cluster: Cluster, nodes: Sequence[str]) -> str:
    return (
        f"{enumerate_names(nodes)}: no plan counts a forgotten member, and a later plan may delete its machine. Forget "
        "fewer at a time: the remaining voters must be a majority of the former group. To hand all of them over to another "
        f"state on purpose, set {ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _given_up(cluster: Cluster, losses: Sequence[Loss]) -> str:
    """Why too many voters cannot leave at once. No stages lead to an empty group: its last voters are never a majority."""
    groups = enumerate_names([loss.group for loss in losses])
    return (
        f"{groups}: too many voters leave in place. The remaining voters must be a majority of the former group: let fewer leave "
        f"at a time, and apply each change. To give up {groups} as a whole, with all data, set "
        f"{ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _shrink(cluster: Cluster, deleted: Sequence[MemberState]) -> str:
    """The stages in which a group can shrink: the remaining voters must be a majority of the voters declared before."""
    gone = {state.address for state in deleted}
    named = enumerate_names([state.node for state in deleted if state.voter.votes])
    peer_group = next(c for c in cluster.peer_groups if gone & {state.address for state in c})
    total, left = len(peer_group), len(peer_group) - len(gone & {state.address for state in peer_group})
    stages = [total]
    while stages[-1] > left and (smaller := max(left, stages[-1] // 2 + 1)) < stages[-1]:
        stages.append(smaller)
    if left == 0 or stages[-1] > left:
        return f"{named} cannot all be deleted while the cluster runs: {total} voters can shrink to no fewer than {stages[-1]}."
    way = ", then ".join(str(count) for count in stages[1:])
    return (
        f"Declare fewer voters in stages, and apply each: {total} now, then {way}. "
        "The remaining voters must be a majority of the former group."
    )


def _alone(state: MemberState, groups: Sequence[str], services: Sequence[str]) -> str:
    if groups:
        return (
            f"{state.node} cannot be replaced: {enumerate_names(list(groups))} would lose the quorum without this node alone. "
            "Declare three voters first."
        )
    return _last_copy((state.node,), services)


def _short(shortages: Sequence[Shortage]) -> str:
    """Why machines with copies cannot go at once, or not at all."""
    groups = enumerate_names([short.group for short in shortages])
    nodes = enumerate_names(sorted({node for short in shortages for node in short.leaving}))
    if any(short.copies == 1 for short in shortages):
        return f"{groups}: {nodes} has the only copy. Declare three such machines first, and apply."
    return f"{groups}: {nodes} hold copies. Change one of them at a time, apply, and wait until everything is healthy."


def _last_copy(nodes: Sequence[str], services: Sequence[str]) -> str:
    named = enumerate_names(list(services))
    return (
        f"{named}: runs only on {enumerate_names(list(nodes))}. Run it on another node first, "
        f"or accept the outage: {' '.join(f'--accept {service}' for service in services)}"
    )


def network_hindrance(addresses: Sequence[str]) -> str:
    """Why no safe order exists where networks of members are destroyed."""
    return (
        f"{enumerate_names(list(addresses))}: every machine on this network would be cut off at once, in any order. "
        "Create another network first, and move the machines to it one at a time."
    )
