"""Removes a member from its clusters, in order, and only if they keep their majority."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass

from hacienda import errors, quorum
from hacienda.declare.resource_types import MEMBER
from hacienda.provider import progress
from hacienda.provider.member import drain
from hacienda.provider.member.declaration import Declared
from hacienda.remote.connections import connect
from hacienda.remote.node import Node
from hacienda.remote.transport import RemoteError


@dataclass(frozen=True)
class Witness:
    """The answer of one surviving peer.

    Args:
        node: the peer.
        healthy: voter groups that are healthy on that peer.
        problems: its own messages about unhealthy groups.
    """

    node: Node
    healthy: frozenset[str]
    problems: tuple[str, ...]


def leave(member: Declared, stop: threading.Event, *, returns: bool) -> None:
    """Remove the member from its clusters.

    Args:
        member: the member.
        stop: Terraform's request to stop.
        returns: a machine of the same name takes its place, and what it holds: it is not drained.

    Raises:
        hacienda.errors.UnwellError: the others cannot do without it; it is in service.
        RemoteError: no surviving peer could remove it.
    """
    name = member.voter.node
    node = Node(connect(member.address))
    progress.report(MEMBER, name, "leaving", "checking the other members")
    witnesses = _ask(member)
    _refuse_loss(member, witnesses)
    able = [witness.node for witness in witnesses if witness.healthy]
    _refuse_unsafe(member, witnesses)
    if returns:
        drain.dispensable(member, stop)
    else:
        drain.drain(member, stop)
    _stop_services(node)
    _remove(name, able)
    if not returns:
        drain.remove(member)
    progress.report(MEMBER, name, "left")


def _ask(member: Declared) -> list[Witness]:
    groups = sorted(member.voter.votes)
    addresses = [a for n, a in member.peers.items() if any(g in member.voter.peers[n] for g in groups)]
    with futures.ThreadPoolExecutor(max(1, len(addresses))) as pool:
        return list(pool.map(lambda address: _witness(Node(connect(address)), groups), addresses))


def _witness(node: Node, groups: list[str]) -> Witness:
    try:
        # Ask each peer about itself only. The leaving member may be dead, or may have left before an apply was killed, and
        # every peer would report that as a failure. This process counts the members.
        verdicts = node.verify(groups, local=True)
    except RemoteError as error:
        return Witness(node, frozenset(), (error.message,))
    healthy = frozenset(verdict.service for verdict in verdicts if verdict.ok)
    problems = tuple(f"{node.name}: {v.service}: {v.detail}" for v in verdicts if not v.ok)
    silent = tuple(f"{node.name} does not report on {g}" for g in groups if g not in {v.service for v in verdicts})
    return Witness(node, healthy, problems + silent)


def _refuse_loss(member: Declared, witnesses: list[Witness]) -> None:
    healthy: Mapping[str, frozenset[str]] = {w.node.name: w.healthy for w in witnesses}
    lost = []
    for group in sorted(member.voter.votes):
        present = {name for name, groups in healthy.items() if group in groups}
        if not quorum.holds(member.voter.voters(group), present):
            lost.append(group)
    if lost:
        name = member.voter.node
        said = "\n".join(problem for witness in witnesses for problem in witness.problems) or "There is no other voter."
        raise errors.UnwellError(
            f"{name} must not leave now: without it {quorum.enumerate_names(lost)} would lose the quorum",
            f"Nothing was changed. Repair these members first (hacienda status), then apply again:\n{said}",
        )


def _refuse_unsafe(member: Declared, witnesses: list[Witness]) -> None:
    """Ask about each group a peer with a healthy part of it. A peer that does not run the group cannot refuse."""
    name = member.voter.node
    asked: dict[str, list[str]] = {}
    for group in sorted(member.voter.votes):
        witness = next(one for one in witnesses if group in one.healthy)
        asked.setdefault(witness.node.name, []).append(group)
    nodes = {witness.node.name: witness.node for witness in witnesses}
    for node, groups in asked.items():
        reason = nodes[node].reason_to_stay(name, groups)
        if reason:
            raise errors.UnwellError(f"{name} must not leave now, says {node}", f"Nothing was changed.\n{reason}")


def _stop_services(node: Node) -> None:
    """Stop the leaving node's services, if it answers, so that its clients move before the machine disappears."""
    try:
        node.stop_services()
    except RemoteError as error:
        progress.report(MEMBER, node.name, "leaving", f"without its cooperation: {error.message}")


def _remove(name: str, able: list[Node]) -> None:
    said = []
    for node in able:
        try:
            node.remove(name)
            return
        except RemoteError as error:
            said.append(str(error))
    if said:
        raise RemoteError(f"{name} could not leave its clusters", "\n".join(said) + "\nFix this, then apply again.")
