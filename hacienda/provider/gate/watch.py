"""Asks all nodes of a gate repeatedly, until all their services are healthy."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass

from hacienda import errors
from hacienda.declare.resource_types import GATE
from hacienda.provider import progress
from hacienda.remote.connections import connect
from hacienda.remote.node import Node, Verdict
from hacienda.remote.transport import Address, RemoteError

COORDINATION = "etcd"
"""The only service whose cluster is recorded: all other clusters are founded under its claims."""
PAUSE = 2.0
"""Seconds between two rounds, at least."""
SHARE = 0.02
"""Share of the time waited so far that a pause may take, up to LONGEST. Each question takes processor time from machines that
start: with a pause of 2 s throughout, questions took a tenth of what a whole cloud needs to start."""
LONGEST = 8.0
"""Longest such pause, in seconds."""
_AT_ONCE = 32
_JOURNAL_LINES = 10


@dataclass(frozen=True)
class Round:
    """The answers of all nodes in one round.

    Args:
        verdicts: node -> verdicts about its services.
        silent: node -> why it gave no answer.
        missing: services that no node named.
    """

    verdicts: Mapping[str, tuple[Verdict, ...]]
    silent: Mapping[str, str]
    missing: tuple[str, ...]

    @property
    def unwell(self) -> tuple[tuple[str, Verdict], ...]:
        """Node and verdict of every unhealthy service."""
        return tuple((node, v) for node, verdicts in self.verdicts.items() for v in verdicts if not v.ok)

    @property
    def healthy(self) -> bool:
        """Whether all services are healthy."""
        return not (self.unwell or self.silent or self.missing)

    @property
    def troubled(self) -> Mapping[str, tuple[str, ...]]:
        """Node -> its unhealthy services; empty for a silent node, which is asked for all its services again."""
        asked: dict[str, list[str]] = {node: [] for node in self.silent}
        for node, verdict in self.unwell:
            asked.setdefault(node, []).append(verdict.service)
        return {node: tuple(services) for node, services in asked.items()}

    def summary(self) -> str:
        """One line that names what is unhealthy."""
        parts = [f"{node} {verdict.service}" for node, verdict in self.unwell]
        return ", ".join([*parts, *(f"{node} is silent" for node in self.silent), *(f"no {m}" for m in self.missing)])


class Watch:
    """A gate's nodes.

    Args:
        name: the gate's name.
        addresses: its nodes.
        services: services that must be healthy; empty: all services of each node.
    """

    def __init__(self, name: str, addresses: Sequence[Address], services: Sequence[str]) -> None:
        self._name = name
        self._nodes = [Node(connect(address)) for address in addresses]
        self._services = tuple(services)

    def wait(self, stop: threading.Event, seconds: float) -> Round:
        """Waits until all services are healthy in one full round, and returns that round.

        Between two full rounds only unhealthy services are asked again, because a check slows down a machine that is starting.

        Raises:
            hacienda.errors.UnwellError: they did not become healthy within `seconds`, or Terraform was interrupted.
        """
        started, told = time.monotonic(), ""
        deadline = started + seconds
        left: Mapping[str, tuple[str, ...]] = {}
        while True:
            began = time.monotonic()
            found = self.ask(left)
            took = time.monotonic() - began
            focused, left = bool(left), found.troubled
            if found.healthy and focused:
                continue
            if found.healthy:
                progress.report(GATE, self._name, "healthy")
                return found
            if found.summary() != told:
                told = found.summary()
                progress.report(GATE, self._name, "unwell", told)
            if time.monotonic() > deadline:
                raise errors.UnwellError(f"{self._name} is not healthy after {seconds:.0f} s", self._explain(found))
            # Nodes that are slow to answer need the processor for other work.
            share = min(LONGEST, SHARE * (time.monotonic() - started))
            if stop.wait(max(PAUSE, took, share)):
                raise errors.UnwellError(f"{self._name}: interrupted while it was not healthy", self._explain(found))

    def ask(self, of: Mapping[str, tuple[str, ...]]) -> Round:
        """Asks nodes once, many at a time.

        Args:
            of: node -> services to ask for; without services: all that must be healthy. Empty: everything on every node.
        """
        nodes = [node for node in self._nodes if not of or node.name in of]
        with futures.ThreadPoolExecutor(min(_AT_ONCE, max(1, len(nodes)))) as pool:
            said = pool.map(lambda node: self._verdicts(node, of.get(node.name) or self._services), nodes)
            answers = dict(zip((node.name for node in nodes), said, strict=True))
        verdicts = {node: answer for node, answer in answers.items() if not isinstance(answer, str)}
        spoken_of = {verdict.service for answer in verdicts.values() for verdict in answer}
        missing = () if of or len(verdicts) < len(answers) else tuple(p for p in self._services if p not in spoken_of)
        return Round(verdicts, {n: answer for n, answer in answers.items() if isinstance(answer, str)}, missing)

    def record(self, found: Round) -> dict[str, str]:
        """Makes the nodes that run the coordination service record their clusters, and returns service -> cluster id.

        Raises:
            hacienda.errors.UnwellError: two nodes are in different clusters of one service.
        """
        nodes = [n for n in self._nodes if any(v.service == COORDINATION for v in found.verdicts[n.name])]
        with futures.ThreadPoolExecutor(min(_AT_ONCE, max(1, len(nodes)))) as pool:
            told = list(pool.map(Node.record_clusters, nodes))
        clusters: dict[str, str] = {}
        for node, ids in zip(nodes, told, strict=True):
            for service, cluster in ids.items():
                if clusters.setdefault(service, cluster) != cluster:
                    raise errors.UnwellError(
                        f"{service} is split: {node.name} is in cluster {cluster}, others in {clusters[service]}",
                        "Keep the side that has the data; see `hacienda status`.",
                    )
        return clusters

    def _verdicts(self, node: Node, services: tuple[str, ...]) -> tuple[Verdict, ...] | str:
        try:
            verdicts = node.verify(services)
            if verdicts:
                return verdicts
            # The node runs none of these services, or nothing at all because its first installation failed.
            status = node.status()
        except RemoteError as error:
            return str(error)
        if status is None or not status.bundle_hash:
            return f"nothing is installed on {node.name}{f': {status.error}' if status else ''}"
        return ()

    def _explain(self, found: Round) -> str:
        by_name = {node.name: node for node in self._nodes}
        parts = []
        for name, verdict in found.unwell:
            fix = f"\n  {verdict.fix}" if verdict.fix else ""
            parts.append(
                f"{name}: {verdict.service}: {verdict.detail}{fix}{_last_lines(by_name[name], verdict.service)}"
            )
        parts += [f"{name}: {reason}" for name, reason in found.silent.items()]
        parts += [f"{service}: no node runs it" for service in found.missing]
        return "\n\n".join(parts)


def _last_lines(node: Node, service: str) -> str:
    try:
        said = node.journal(service, _JOURNAL_LINES)
    except RemoteError as error:
        return f"\n  ({error.message})"
    return "".join(f"\n  | {line}" for line in said.splitlines())
