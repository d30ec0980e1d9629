"""The safe order: the same changes in steps, each of which keeps every quorum and a copy of every service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from hacienda.quorum import ALLOW_DESTROY, Loss, enumerate_names
from hacienda.review.plan.guard.members import Cluster, MemberState
from hacienda.review.plan.guard.price import price
from hacienda.review.plan.guard.step import Step


@dataclass(frozen=True)
class Order:
    """A safe order.

    Args:
        steps: one after another.
        hindrances: why there is none, or what must happen before; empty: the steps do it all.
    """

    steps: tuple[Step, ...] = ()
    hindrances: tuple[str, ...] = field(default=())


def safe_order(cluster: Cluster, *, accept: Collection[str] = ()) -> Order:
    """Find one: who was found blank returns, voters are replaced one at a time, others together as far as that leaves a copy of
    each service, and everything else comes last. Deletions do, and what leaves groups in place: a group that has shrunk can
    spare fewer. Who moves is named in the files of all others, so that no step of one plan can be another's address alone.

    Args:
        cluster: the cluster.
        accept: services whose last copy may go.
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
    # A service that is given up together with a replacement is not there again afterwards.
    shrinking += [replace(state, outcome="dropped") for state in going if state.outcome == "replaced" and state.ceased]
    last = batches.pop() if batches and not price(cluster, (*batches[-1], *shrinking), accept=accept) else []
    for batch in batches:
        cost = price(cluster, batch, accept=accept)
        if cost:
            hindrances.append(_alone(batch[0], [], [name for copy in cost.last for name in copy.services]))
        steps.append(_replacement(batch))
    hindrances += _shrinking(cluster, deleted, shrinking, accept)
    steps.append(Step("rest", tuple(state.node for state in (*deleted, *last))))
    return Order(tuple(steps) if not hindrances else (), tuple(hindrances))


def _replacement(states: Sequence[MemberState]) -> Step:
    """A member brings what it refers to along; a machine that it does not refer to is named as well."""
    targets = tuple((state.source, address) for state in states for address in (state.address, *state.taken))
    requested = tuple(address for state in states for address in state.requested)
    return Step("replace", tuple(state.node for state in states), targets, requested)


def _returns(cluster: Cluster) -> list[Step]:
    """Who is missing comes back first, together with what those who stay must know of it."""
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
    """Each into the first batch that it costs nothing to join; one that costs something alone has its own."""
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
    return [*found, *(_last_copy(copy.nodes, copy.services) for copy in whole.last)]


def _moving(cluster: Cluster) -> list[str]:
    """Names of those that move and by that have a part in a loss."""
    lost = price(cluster, [state for state in cluster.states if state.outcome != "stays"], missing=cluster.missing)
    nodes = {node for loss in lost.losses for node in loss.leaving} | {
        node for copy in lost.last for node in copy.nodes
    }
    return sorted(state.node for state in cluster.states if state.outcome == "moved" and state.node in nodes)


def _moved(cluster: Cluster, nodes: Sequence[str]) -> str:
    return (
        f"{enumerate_names(nodes)}: at another address may be another machine, with nothing on it. Change one address at a time, "
        "with nothing else that takes a node away, and apply each: the next one when everything is healthy. Where all are known "
        f"to be the same machines as before, set {ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _forgotten(cluster: Cluster, nodes: Sequence[str]) -> str:
    return (
        f"{enumerate_names(nodes)}: nothing counts a member that is forgotten, and a later plan may delete its machine. Forget "
        "fewer at a time: what remains must be a majority of what was. To hand all of them to another state on purpose, set "
        f"{ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _given_up(cluster: Cluster, losses: Sequence[Loss]) -> str:
    """Where nobody is to be left, no stages help: what remains is never a majority of what was."""
    groups = enumerate_names([loss.group for loss in losses])
    return (
        f"{groups}: too many voters leave in place. What remains must be a majority of what was: let fewer leave at a time, and "
        f"apply each. To give {groups} up as a whole, with what is in there, set {ALLOW_DESTROY}={cluster.name or 'NAME'}."
    )


def _shrink(cluster: Cluster, deleted: Sequence[MemberState]) -> str:
    """How far a group can shrink at a time: what remains must be a majority of what was declared before."""
    gone = {state.address for state in deleted}
    named = enumerate_names([state.node for state in deleted if state.voter.votes])
    peer_group = next(c for c in cluster.peer_groups if gone & {state.address for state in c})
    total, left = len(peer_group), len(peer_group) - len(gone & {state.address for state in peer_group})
    stages = [total]
    while stages[-1] > left and (smaller := max(left, stages[-1] // 2 + 1)) < stages[-1]:
        stages.append(smaller)
    if left == 0 or stages[-1] > left:
        return (
            f"{named} cannot all be deleted while the cluster lives: of {total} voters it can go down to {stages[-1]}."
        )
    way = ", then ".join(str(count) for count in stages[1:])
    return f"Declare fewer voters in stages, and apply each: {total} now, then {way}. What remains must be a majority of what was."


def _alone(state: MemberState, groups: Sequence[str], services: Sequence[str]) -> str:
    if groups:
        return (
            f"{state.node} cannot be replaced at all: {enumerate_names(list(groups))} would lose the quorum even if it went alone. "
            "Make it three voters first."
        )
    return _last_copy((state.node,), services)


def _last_copy(nodes: Sequence[str], services: Sequence[str]) -> str:
    named = enumerate_names(list(services))
    return (
        f"{named}: no other node runs it than {enumerate_names(list(nodes))}. Have another one run it first, "
        f"or accept the outage: {' '.join(f'--accept {service}' for service in services)}"
    )


def network_hindrance(addresses: Sequence[str]) -> str:
    """Why there is no order where networks go from under members."""
    return (
        f"{enumerate_names(list(addresses))}: everybody on this network would be cut off at once, in any order. "
        "Make another network first and move the machines to it, one at a time."
    )
