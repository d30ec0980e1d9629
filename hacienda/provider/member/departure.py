"""A member leaves: only if the live cluster can spare it, and in good order."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent import futures
from dataclasses import dataclass

from hacienda import errors, quorum
from hacienda.declare.resource_types import MEMBER
from hacienda.provider import progress
from hacienda.provider.member.declaration import Declared
from hacienda.remote.connections import connect
from hacienda.remote.node import Node
from hacienda.remote.transport import RemoteError


@dataclass(frozen=True)
class Witness:
    """What one surviving peer says.

    Args:
        node: the peer.
        healthy: voter groups whose part on that peer is well.
        problems: what is not, in its own words.
    """

    node: Node
    healthy: frozenset[str]
    problems: tuple[str, ...]


def leave(member: Declared) -> None:
    """Take the member out of its clusters.

    Raises:
        hacienda.errors.UnwellError: the others would have no majority without it; nothing was touched.
        RemoteError: no surviving peer could take it out.
    """
    name = member.voter.node
    node = Node(connect(member.address))
    progress.report(MEMBER, name, "leaving", "asking the others")
    witnesses = _ask(member)
    _refuse_loss(member, witnesses)
    able = [witness.node for witness in witnesses if witness.healthy]
    _refuse_unsafe(member, witnesses)
    _stop_services(node)
    _remove(name, able)
    progress.report(MEMBER, name, "left")


def _ask(member: Declared) -> list[Witness]:
    groups = sorted(member.voter.votes)
    addresses = [a for n, a in member.peers.items() if any(g in member.voter.peers[n] for g in groups)]
    with futures.ThreadPoolExecutor(max(1, len(addresses))) as pool:
        return list(pool.map(lambda address: _witness(Node(connect(address)), groups), addresses))


def _witness(node: Node, groups: list[str]) -> Witness:
    try:
        # Whether it is well itself: the one that leaves may be dead, or have left already when an apply was killed, and all
        # others would be called unwell for it. How many are there is counted by us.
        verdicts = node.verify(groups, local=True)
    except RemoteError as error:
        return Witness(node, frozenset(), (error.message,))
    healthy = frozenset(verdict.service for verdict in verdicts if verdict.ok)
    problems = tuple(f"{node.name}: {v.service}: {v.detail}" for v in verdicts if not v.ok)
    silent = tuple(f"{node.name} says nothing about {g}" for g in groups if g not in {v.service for v in verdicts})
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
            f"Nothing was touched. Bring these back first (hacienda status), then apply again:\n{said}",
        )


def _refuse_unsafe(member: Declared, witnesses: list[Witness]) -> None:
    """Ask about each group one whose own part of it is well: another one may not even run it, and has no objection."""
    name = member.voter.node
    asked: dict[str, list[str]] = {}
    for group in sorted(member.voter.votes):
        witness = next(one for one in witnesses if group in one.healthy)
        asked.setdefault(witness.node.name, []).append(group)
    nodes = {witness.node.name: witness.node for witness in witnesses}
    for node, groups in asked.items():
        reason = nodes[node].reason_to_stay(name, groups)
        if reason:
            raise errors.UnwellError(f"{name} must not leave now, says {node}", f"Nothing was touched.\n{reason}")


def _stop_services(node: Node) -> None:
    """Stop the leaving node's services, if it answers: its clients move over before its machine disappears."""
    try:
        node.stop_services()
    except RemoteError as error:
        progress.report(MEMBER, node.name, "leaving", f"without its own help: {error.message}")


def _remove(name: str, able: list[Node]) -> None:
    said = []
    for node in able:
        try:
            node.remove(name)
            return
        except RemoteError as error:
            said.append(str(error))
    if said:
        raise RemoteError(
            f"{name} could not leave its clusters", "\n".join(said) + "\nApply again when this is mended."
        )
