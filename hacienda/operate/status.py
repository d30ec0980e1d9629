"""A cloud's health: asks all nodes at once, and combines their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from hacienda.cloud.model import Cloud
from hacienda.cloud.model import Node as Machine
from hacienda.errors import HaciendaError
from hacienda.operate import causes
from hacienda.operate.causes import Ailment
from hacienda.remote.node import Diagnosis, Fault, Node, Status, Verdict
from hacienda.remote.transport import RemoteError, Transport, UnreachableError

AT_A_TIME = 64
"""Nodes that are asked at the same time: each takes one waiting ssh client."""

_HOLDS = "holds "
"""The word before a virtual IP that the node holds, in the result of keepalived's verify (docs/services/keepalived.md)."""


@dataclass(frozen=True)
class Answer:
    """The answer of one node.

    Args:
        node: the node's name.
        verdicts: one for each of its services.
        status: what is installed; None: nothing.
        silence: why it gave no answer; empty: it gave one.
        reached: whether it could be reached.
        alone: services whose own part on the node is healthy, so that another member causes their failure.
        diagnosis: faults of the machine itself; None: it did not report them.
    """

    node: str
    verdicts: tuple[Verdict, ...] = ()
    status: Status | None = None
    silence: str = ""
    reached: bool = True
    alone: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True)
class Group:
    """A voter group: how many of the declared voters are healthy."""

    service: str
    well: int
    declared: int


@dataclass(frozen=True)
class Health:
    """A cloud's health.

    Args:
        environment: the environment's name.
        answers: the answer of each node.
        groups: voter groups.
        holders: virtual IP -> nodes that hold it, which should be one.
        ailments: all problems.
    """

    environment: str
    answers: tuple[Answer, ...]
    groups: tuple[Group, ...]
    holders: Mapping[str, tuple[str, ...]]
    ailments: tuple[Ailment, ...]

    @property
    def well(self) -> bool:
        """Whether there are no problems."""
        return not self.ailments


def examine(cloud: Cloud, connect: Callable[[Machine], Transport]) -> Health:
    """Ask every node, in parallel, and put the answers together.

    Args:
        cloud: the cloud as it is declared.
        connect: connects to a machine.
    """
    with ThreadPoolExecutor(min(AT_A_TIME, max(1, len(cloud.nodes)))) as pool:
        answers = tuple(pool.map(lambda machine: ask(machine.name, lambda: connect(machine)), cloud.nodes))
    return put_together(cloud, answers)


def ask(name: str, connect: Callable[[], Transport]) -> Answer:
    """Ask one node about itself."""
    diagnosis: Diagnosis | None = None
    try:
        node = Node(connect())
        diagnosis = _diagnosis(node)
        status = node.status()
        verdicts = node.verify() if status else ()
        failing = tuple(verdict.service for verdict in verdicts if not verdict.ok)
        own = node.verify(failing, local=True) if failing else ()
        return Answer(name, verdicts, status, alone=tuple(v.service for v in own if v.ok), diagnosis=diagnosis)
    except HaciendaError as error:
        reached = not isinstance(error, UnreachableError)
        return Answer(name, silence=_words(name, error), reached=reached, diagnosis=diagnosis)


def _diagnosis(node: Node) -> Diagnosis | None:
    """Faults of the machine itself. A node that cannot report them is still asked about its services.

    Raises:
        UnreachableError: it does not answer.
    """
    try:
        return node.diagnose()
    except RemoteError as error:
        fault = Fault("unknown", _words(node.name, error), "hacienda-diagnose on this node shows it again")
        return Diagnosis((fault,))


def _words(name: str, error: HaciendaError) -> str:
    parts = (" ".join(part.split()) for part in (error.message, error.fix) if part)
    return ": ".join(parts).removeprefix(f"{name}: ").removeprefix(f"{name} ")


def put_together(cloud: Cloud, answers: Iterable[Answer]) -> Health:
    """A cloud's health from its nodes' answers: causes first, then other problems."""
    by_node = {answer.node: answer for answer in answers}
    diagnoses = {answer.node: answer.diagnosis for answer in by_node.values() if answer.diagnosis and answer.reached}
    ailments = causes.of_networks(cloud, diagnoses) + causes.of_clocks(diagnoses) + causes.of_machines(diagnoses)
    ailments += [one for machine in cloud.nodes for one in _of_node(cloud, machine, by_node[machine.name], diagnoses)]
    silent = tuple(node.name for node in cloud.members("keepalived") if by_node[node.name].silence)
    holders = {str(vip.address): _holders(str(vip.address), by_node.values()) for vip in cloud.virtual_ips}
    ailments += [
        Ailment("", f"virtual IP {address}", _holders_words(nodes, silent), _holders_fix(nodes, silent))
        for address, nodes in holders.items()
        if len(nodes) != 1
    ]
    groups = tuple(
        Group(service.name, _well(service.name, cloud, by_node), len(cloud.members(service.name)))
        for service in cloud.services
        if service.voters
    )
    return Health(cloud.name, tuple(by_node.values()), groups, holders, tuple(ailments))


def _of_node(cloud: Cloud, machine: Machine, answer: Answer, diagnoses: Mapping[str, Diagnosis]) -> list[Ailment]:
    """Problems that show on one node, with any cause."""
    again = f"Run: hacienda apply {cloud.name}"
    if answer.silence:
        fix = again if answer.reached else causes.of_silence(cloud, machine.name, answer.silence, diagnoses)
        return [Ailment(machine.name, "", answer.silence, fix)]
    if answer.status is None:
        return [Ailment(machine.name, "", "nothing is installed", again)]
    told = {verdict.service for verdict in answer.verdicts}
    found = [Ailment(machine.name, v.service, v.detail, _fix(v, answer)) for v in answer.verdicts if not v.ok]
    missing = (service for service in machine.services if service not in told)
    found += [Ailment(machine.name, service, "is not installed", again) for service in missing]
    if answer.status.drifted() or not (answer.status.converged or found):
        found.append(Ailment(machine.name, "", _unsettled(answer.status), again))
    return found


def _fix(verdict: Verdict, answer: Answer) -> str:
    """The fix for a service, or its cause if the machine reports one."""
    faults = answer.diagnosis.faults if answer.diagnosis else ()
    cause = next((fault for fault in faults if verdict.service in fault.services), None)
    return f"This follows from the {cause.kind}: {cause.what}" if cause else verdict.fix


def _unsettled(status: Status) -> str:
    """Why a bundle is not in force, which verification does not show."""
    drifted = [what.rpartition(": ")[0] for what in status.drifted()]
    said = [f"changed by hand: {', '.join(drifted)}"] if drifted else []
    said += [f"failed: {', '.join(status.failed)}"] if status.failed else []
    said += [f"{service} still needs a {action}" for service, action in sorted(status.pending.items())]
    said += [status.error] if status.error else []
    return "; ".join(said) or "its bundle is not in force"


def _holders(address: str, answers: Iterable[Answer]) -> tuple[str, ...]:
    """Nodes that report that they hold an address."""
    return tuple(
        answer.node
        for answer in answers
        if any(part == f"{_HOLDS}{address}" for verdict in answer.verdicts for part in verdict.detail.split(", "))
    )


def _holders_words(nodes: tuple[str, ...], silent: tuple[str, ...]) -> str:
    if nodes:
        return f"is held by {len(nodes)} nodes, {', '.join(nodes)}"
    return f"is held by no node that answers; {', '.join(silent)} may hold it" if silent else "is held by no node"


def _holders_fix(nodes: tuple[str, ...], silent: tuple[str, ...]) -> str:
    if nodes:
        return "They do not receive each other's VRRP advertisements: check the network between them and the firewall."
    if silent:
        return f"Find out first why {', '.join(silent)} {'does' if len(silent) == 1 else 'do'} not answer, as above."
    return "journalctl -u keepalived on the controllers says why."


def _well(service: str, cloud: Cloud, answers: Mapping[str, Answer]) -> int:
    members = (answers[node.name] for node in cloud.members(service))
    return sum(
        1
        for answer in members
        if service in answer.alone or any(v.service == service and v.ok for v in answer.verdicts)
    )


def document(health: Health) -> dict[str, Any]:
    """The health for programs."""
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
                "faults": [asdict(fault) for fault in answer.diagnosis.faults] if answer.diagnosis else [],
                "converged": answer.status.converged if answer.status else False,
                "packages": dict(answer.diagnosis.packages) if answer.diagnosis else {},
                "services": {v.service: {"ok": v.ok, "detail": v.detail, "fix": v.fix} for v in answer.verdicts},
            }
            for answer in health.answers
        },
    }
