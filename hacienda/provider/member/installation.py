"""Delivers and installs a bundle. A lost connection or a killed Terraform leaves nothing half done."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent import futures
from dataclasses import dataclass

from hacienda.declare.resource_types import MEMBER
from hacienda.provider import progress
from hacienda.provider.member.declaration import Declared
from hacienda.provider.record import Record
from hacienda.remote.connections import connect
from hacienda.remote.node import Delivery, Installation, Node, Status, parse_status
from hacienda.remote.transport import RemoteError, UnreachableError, UntrustedError

REACH = 600.0
"""Seconds until a new machine must answer. Firmware, first boot and cloud-init of bare metal take minutes."""
BUSY = 1800.0
"""Seconds until an installation must end, because it may download packages."""
_PAUSE = 2.0
_RELAUNCHES = 3
REFUSED = 2
"""Exit status of hacienda-apply for a bundle that it refuses."""


@dataclass(frozen=True)
class Outcome:
    """The end of an installation.

    Args:
        converged: whether it is installed, and nothing failed or drifted.
        detail: the part that did not converge, and the fix; empty if all did.
    """

    converged: bool
    detail: str = ""


def settled(status: Status) -> bool:
    """Whether nothing failed and nothing drifted. Services may still be starting; the gate waits for them."""
    return status.converged or not (status.failed or status.error or status.drifted())


def reach(node: Node, stop: threading.Event, seconds: float) -> None:
    """Wait until the node answers and its first boot is over.

    Raises:
        UnreachableError: it did not answer within `seconds`, or Terraform was interrupted.
        UntrustedError: another machine answers, or the operator's file lacks its key. Raised at once.
    """
    deadline, told = time.monotonic() + seconds, ""
    while True:
        try:
            if node.booted():
                return
            reason = "its first boot is not over"
        except UntrustedError:
            raise
        except UnreachableError as error:
            reason = (error.fix or error.message).strip().splitlines()[-1]
        if reason != told:
            progress.report(MEMBER, node.name, "waiting", reason)
            told = reason
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"{node.name} cannot be reached; nothing was changed", f"For {seconds:.0f} s: {reason}"
            )
        if stop.wait(_PAUSE):
            raise UnreachableError(
                f"{node.name}: interrupted before anything was delivered", "Apply again to continue."
            )


def install(node: Node, delivery: Delivery, stop: threading.Event) -> Outcome:
    """Deliver, install, and wait for the end.

    Raises:
        RemoteError: nothing was delivered, or the node refused the whole bundle. The node is unchanged.
    """
    progress.report(MEMBER, node.name, "delivering", f"{len(delivery.bundle) // 1024} KiB")
    name = node.deliver(delivery)
    progress.report(MEMBER, node.name, "installing")
    try:
        ended = _wait(node, name, stop)
    except RemoteError as error:  # the node has the bundle now, so from here on the next apply repairs
        outcome = Outcome(False, str(error))
    else:
        outcome = _judge(node.name, ended)
    event = "installed" if outcome.converged else "unwell"
    progress.report(MEMBER, node.name, event, outcome.detail.partition("\n")[0])
    return outcome


def healthy(node: Node, services: Sequence[str], stop: threading.Event) -> Outcome:
    """Wait until services of a node have done what they still need, and are healthy."""
    deadline, told = time.monotonic() + BUSY, ""
    while True:
        try:
            wrong = [f"{v.service}: {v.detail}" for v in node.verify(services, local=True) if not v.ok]
        except RemoteError as error:
            wrong = [error.message]
        if not wrong:
            return Outcome(True)
        if wrong[0] != told:
            told = wrong[0]
            progress.report(MEMBER, node.name, "waiting", told)
        if time.monotonic() > deadline or stop.wait(_PAUSE):
            return Outcome(False, "\n".join(wrong))


def _wait(node: Node, delivery: str, stop: threading.Event) -> Installation | str:
    """The end of the installation, or a text that explains why it is unknown."""
    deadline, starts = time.monotonic() + BUSY, 0
    running = False
    while time.monotonic() < deadline:
        if stop.is_set():
            return "this apply was interrupted; the node continues by itself"
        try:
            if not running:
                starts += 1
                node.start_installation(delivery)
                running = True
            installation = node.installation(delivery)
        except UnreachableError as error:
            progress.report(MEMBER, node.name, "waiting", error.message)
            stop.wait(_PAUSE)
            continue
        if installation.phase == "ended":
            return installation
        running = installation.phase == "running"
        if not running and starts > _RELAUNCHES:
            return "the installation disappeared repeatedly"
    return f"it did not end within {BUSY / 60:.0f} minutes"


def _judge(name: str, ended: Installation | str) -> Outcome:
    if isinstance(ended, str):
        return Outcome(False, ended)
    if ended.code == REFUSED:
        raise RemoteError(f"{name} refused the bundle; nothing was changed", ended.words)
    if ended.code != 0:
        return Outcome(False, f"hacienda-apply ended with exit status {ended.code}:\n{ended.words}")
    status = parse_status(ended.words.encode(), name)
    if status is None or settled(status):
        return Outcome(status is not None, "" if status else "it has nothing installed")
    wrong = [status.error] if status.error else []
    return Outcome(False, "\n".join([*wrong, *(f"{unit} failed" for unit in status.failed), *status.drifted()]))


def existing_clusters(member: Declared, record: Record) -> dict[str, str]:
    """Clusters that the member must join instead of founding them: the recorded ones, else those that a peer
    reports."""
    recorded = record.read()
    if not member.voter.votes or recorded:
        return recorded
    peers = [Node(connect(address)) for address in member.peers.values()]
    clusters: dict[str, str] = {}
    with futures.ThreadPoolExecutor(max(1, len(peers))) as pool:
        for told in pool.map(_told, peers):
            clusters.update(told)
    return clusters


def _told(peer: Node) -> dict[str, str]:
    try:
        return peer.told_clusters()
    except RemoteError:
        return {}
