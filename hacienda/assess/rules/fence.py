"""FENCE: machines of which nobody can make sure that they are dead."""

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
    """One observation for each service that needs fencing and has none, and for each role that is fenced in part or not at
    all. Containers have no controllers of their own."""
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
                f"{_names(bare)} of {len(nodes)} {role} machines cannot be switched off from outside, the others can."
            )
            yield Observation(f"machines.{role}", reason, concerns=concerns)
        elif bare and role == "compute":
            reason = "no compute can be switched off from outside: instances of a silent one cannot be started elsewhere safely."
            yield Observation(f"machines.{role}", reason, severity="info", concerns=concerns)


def _services(cloud: Cloud) -> Iterator[Observation]:
    for service in cloud.services:
        if not NEEDS_FENCING & set(service.packages):
            continue
        bare = tuple(node for node in cloud.members(service.name) if node.bmc is None)
        if bare:
            reason = f"{service.name} takes over what a dead machine held, and {_names(bare)} cannot be fenced."
            concerns = (service.name, *(node.name for node in bare))
            yield Observation(f"machines.{bare[0].role}", reason, severity="error", concerns=concerns)


def _names(nodes: tuple[Node, ...]) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names) if len(names) <= _SHOWN else f"{len(names)} ({', '.join(names[:_SHOWN])}, ...)"


rule = Rule(
    id="FENCE",
    title="Machines that cannot be fenced",
    severity="warning",
    reason="A machine that does not answer may still write. Only one that was switched off from outside is surely dead; taking "
    "its disk or its instances over before corrupts them.",
    fix="Give each machine its `bmc: {type: redfish, address: ...}`.",
    find=_find,
)
