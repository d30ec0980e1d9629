"""CLOSED: machines whose firewall lets nothing in but SSH and time, though they are there for something else."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import ABBREVIATIONS

_FOR = {
    "network": "routers of tenant networks",
    "compute": "a hypervisor",
    "storage": "the daemons of the storage",
    "monitoring": "a monitoring system",
}
"""Role -> what its machines are there for."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each role of machines that run no service of their role and have no firewall rule of the operator's. In a
    lab nothing ran there before Hacienda."""
    cloud = subject.cloud
    if subject.lab or cloud.provider("packet filter") is None:
        return
    opened = {name for rule in cloud.firewall_rules for name in rule.nodes}
    for role in ABBREVIATIONS:
        own = [node for node in cloud.role(role) if node.name not in opened]
        if role not in _FOR or not own or any(not cloud.registry[name].everywhere for name in own[0].services):
            continue
        ports = sorted({port.number for name in own[0].services for port in cloud.registry[name].ports})
        reason = (
            f"nothing from outside reaches {_FOR[role]} on {own[0].name}"
            f"{f' and {len(own) - 1} more' if len(own) > 1 else ''}: their firewall lets in ports "
            f"{', '.join(map(str, ports))} and drops the rest, from the first apply on."
        )
        fix = (
            f"Name what runs there: `firewall_rules: [{{name: {role}, ports: [...], sources: [...], roles: [{role}]}}]`; "
            "accept this where nothing does."
        )
        yield Observation(f"machines.{role}", reason, fix, concerns=(role,))


rule = Rule(
    id="CLOSED",
    title="A firewall that cuts off what runs on the machine",
    severity="warning",
    reason="Machines that are already there may run something that Hacienda does not know. Their firewall drops whatever no "
    "declared port and no rule of the operator's lets in: Ceph's daemons, for one, would lose each other.",
    fix="Name the ports in `firewall_rules`.",
    find=_find,
)
