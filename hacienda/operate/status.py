"""How a cloud is: its nodes are asked themselves, all at once, and what they say is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hacienda.cloud.model import Cloud
from hacienda.cloud.model import Node as Machine
from hacienda.errors import HaciendaError
from hacienda.remote.node import Node, Status, Verdict
from hacienda.remote.transport import Transport, UnreachableError

AT_A_TIME = 64
"""Nodes asked at the same time: each is one ssh client waiting."""

_HOLDS = "holds "
"""How keepalived's verification begins what it says about a virtual IP that the node holds (docs/services/keepalived.md)."""


@dataclass(frozen=True)
class Answer:
    """What one node said.

    Args:
        node: its name.
        verdicts: one for each of its services.
        status: what is installed; None: nothing.
        silence: why it said nothing; empty: it spoke.
        reached: False: it did not even answer.
    """

    node: str
    verdicts: tuple[Verdict, ...] = ()
    status: Status | None = None
    silence: str = ""
    reached: bool = True


@dataclass(frozen=True)
class Ailment:
    """One thing that is wrong.

    Args:
        node: where; empty: the cloud as a whole.
        service: what; empty: the node as a whole.
        what: what is wrong.
        fix: what to do.
    """

    node: str
    service: str
    what: str
    fix: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.node, self.service) if part)
        return f"{place}: {self.what}\n  {self.fix}" if self.fix else f"{place}: {self.what}"


@dataclass(frozen=True)
class Group:
    """A voter group: how many of the declared voters are well."""

    service: str
    well: int
    declared: int


@dataclass(frozen=True)
class Health:
    """A cloud's health.

    Args:
        environment: its name.
        answers: what each node said.
        groups: voter groups.
        holders: virtual IP -> nodes that hold it; one it should be.
        ailments: everything that is wrong.
    """

    environment: str
    answers: tuple[Answer, ...]
    groups: tuple[Group, ...]
    holders: Mapping[str, tuple[str, ...]]
    ailments: tuple[Ailment, ...]

    @property
    def well(self) -> bool:
        """Nothing is wrong."""
        return not self.ailments


def examine(cloud: Cloud, connect: Callable[[Machine], Transport]) -> Health:
    """Ask every node, in parallel, and put the answers together.

    Args:
        cloud: the cloud as it is declared.
        connect: how a machine is reached.
    """
    with ThreadPoolExecutor(min(AT_A_TIME, max(1, len(cloud.nodes)))) as pool:
        answers = tuple(pool.map(lambda machine: ask(machine.name, lambda: connect(machine)), cloud.nodes))
    return put_together(cloud, answers)


def ask(name: str, connect: Callable[[], Transport]) -> Answer:
    """What one node says about itself."""
    try:
        node = Node(connect())
        status = node.status()
        return Answer(name, node.verify() if status else (), status)
    except HaciendaError as error:
        parts = (" ".join(part.split()) for part in (error.message, error.fix) if part)
        words = ": ".join(parts).removeprefix(f"{name}: ").removeprefix(f"{name} ")
        return Answer(name, silence=words, reached=not isinstance(error, UnreachableError))


def put_together(cloud: Cloud, answers: Iterable[Answer]) -> Health:
    """A cloud's health from what its nodes said."""
    by_node = {answer.node: answer for answer in answers}
    again = f"Run: hacienda apply {cloud.name}"
    ailments = [ailment for machine in cloud.nodes for ailment in _of_node(machine, by_node[machine.name], again)]
    holders = {str(vip.address): _holders(str(vip.address), by_node.values()) for vip in cloud.virtual_ips}
    ailments += [
        Ailment("", f"virtual IP {address}", _holders_words(nodes), _holders_fix(nodes))
        for address, nodes in holders.items()
        if len(nodes) != 1
    ]
    groups = tuple(
        Group(service.name, _well(service.name, cloud, by_node), len(cloud.members(service.name)))
        for service in cloud.services
        if service.voters
    )
    return Health(cloud.name, tuple(by_node.values()), groups, holders, tuple(ailments))


def _of_node(machine: Machine, answer: Answer, again: str) -> list[Ailment]:
    """What is wrong on one node; `again` says how to apply once more."""
    if answer.silence:
        fix = again if answer.reached else "Is it powered on, and does SSH reach it?"
        return [Ailment(machine.name, "", answer.silence, fix)]
    if answer.status is None:
        return [Ailment(machine.name, "", "nothing is installed", again)]
    told = {verdict.service for verdict in answer.verdicts}
    found = [Ailment(machine.name, v.service, v.detail, v.fix) for v in answer.verdicts if not v.ok]
    missing = (service for service in machine.services if service not in told)
    found += [Ailment(machine.name, service, "is not installed", again) for service in missing]
    settled = answer.status.converged or found
    return found if settled else [Ailment(machine.name, "", _unsettled(answer.status), again)]


def _unsettled(status: Status) -> str:
    """What verification does not see: why a bundle is not in force."""
    drifted = [path for path, short in status.files.items() if short.startswith("drifted:") or short == "missing"]
    said = [f"changed by hand: {', '.join(drifted)}"] if drifted else []
    said += [f"failed: {', '.join(status.failed)}"] if status.failed else []
    said += [f"{service} still owes a {action}" for service, action in sorted(status.pending.items())]
    said += [status.error] if status.error else []
    return "; ".join(said) or "its bundle is not in force"


def _holders(address: str, answers: Iterable[Answer]) -> tuple[str, ...]:
    """Nodes whose own words say that they hold an address."""
    return tuple(
        answer.node
        for answer in answers
        if any(part == f"{_HOLDS}{address}" for verdict in answer.verdicts for part in verdict.detail.split(", "))
    )


def _holders_words(nodes: tuple[str, ...]) -> str:
    return f"is held by {len(nodes)} nodes, {', '.join(nodes)}" if nodes else "is held by no node"


def _holders_fix(nodes: tuple[str, ...]) -> str:
    if nodes:
        return "They do not hear each other's VRRP adverts: check the network between them and the firewall."
    return "journalctl -u keepalived on the controllers says why."


def _well(service: str, cloud: Cloud, answers: Mapping[str, Answer]) -> int:
    members = (answers[node.name] for node in cloud.members(service))
    return sum(1 for answer in members if any(v.service == service and v.ok for v in answer.verdicts))


def document(health: Health) -> dict[str, Any]:
    """The same for programs."""
    return {
        "environment": health.environment,
        "well": health.well,
        "groups": {group.service: {"well": group.well, "declared": group.declared} for group in health.groups},
        "virtual_ips": {address: list(nodes) for address, nodes in health.holders.items()},
        "problems": [
            {"node": one.node, "service": one.service, "what": one.what, "fix": one.fix} for one in health.ailments
        ],
        "nodes": {
            answer.node: {
                "reachable": answer.reached,
                "detail": answer.silence,
                "converged": answer.status.converged if answer.status else False,
                "services": {v.service: {"ok": v.ok, "detail": v.detail, "fix": v.fix} for v in answer.verdicts},
            }
            for answer in health.answers
        },
    }
