"""FENCE: machines that nobody can turn off from outside."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Role

NEEDS_FENCING = frozenset({"pacemaker", "corosync", "drbd-utils", "masakari-host-monitor"})
"""Debian packages of programs that take over a dead machine's data or instances."""

_ROLES: tuple[Role, ...] = ("compute", "storage")
_SHOWN = 3


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service that needs fencing and lacks it, and for each role with machines that cannot be fenced.

    Containers have no BMC.
    """
    cloud = subject.cloud
    yield from _services(cloud)
    if cloud.platform.containers:
        return
    for role in _ROLES:
        nodes = cloud.role(role)
        bare = tuple(node for node in nodes if node.bmc is None)
        concerns = (role, *(node.name for node in bare))
        if bare and len(bare) < len(nodes):
            reason = (
                f"{_names(bare)} of {len(nodes)} {role} machines cannot be turned off from outside; the others can."
            )
            yield Observation(f"machines.{role}", reason, concerns=concerns)
        elif bare and role == "compute":
            reason = "no compute machine can be turned off from outside: it is unsafe to start a silent one's instances elsewhere."
            yield Observation(f"machines.{role}", reason, severity="info", concerns=concerns)


def _services(cloud: Cloud) -> Iterator[Observation]:
    for service in cloud.services:
        if not NEEDS_FENCING & set(service.packages):
            continue
        bare = tuple(node for node in cloud.members(service.name) if node.bmc is None)
        if bare:
            reason = f"{service.name} takes over what a dead machine held, but {_names(bare)} cannot be fenced."
            concerns = (service.name, *(node.name for node in bare))
            yield Observation(f"machines.{bare[0].role}", reason, severity="error", concerns=concerns)


def _names(nodes: tuple[Node, ...]) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names) if len(names) <= _SHOWN else f"{len(names)} ({', '.join(names[:_SHOWN])}, ...)"


rule = Rule(
    id="FENCE",
    title="Machines that cannot be fenced",
    severity="warning",
    reason="A machine that does not answer may still write. Only a machine that was turned off from outside is certainly dead. "
    "Taking over its disk or instances earlier corrupts them.",
    fix="Give each machine a `bmc: {type: redfish, address: ...}`.",
    find=_find,
)
