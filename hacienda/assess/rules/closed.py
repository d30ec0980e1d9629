"""CLOSED: machines whose firewall allows only SSH and time, although they have another purpose."""

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
"""Role -> purpose of its machines."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each role whose machines run no service of that role and have no firewall rule of the operator.

    A lab has none, because nothing ran on its machines before Hacienda.
    """
    cloud = subject.cloud
    if subject.lab or cloud.provider("packet filter") is None:
        return
    opened = {name for rule in cloud.firewall_rules for name in rule.nodes}
    for role in ABBREVIATIONS:
        own = [node for node in cloud.role(role) if node.name not in opened]
        if role not in _FOR or not own or any(not cloud.registry[name].everywhere for name in own[0].services):
            continue
        ports = sorted(
            {number for name in own[0].services for port in cloud.registry[name].ports for number in port.numbers}
        )
        reason = (
            f"nothing from outside reaches {_FOR[role]} on {own[0].name}"
            f"{f' and {len(own) - 1} more' if len(own) > 1 else ''}: from the first apply on, their firewall accepts ports "
            f"{', '.join(map(str, ports))} and drops the rest."
        )
        fix = (
            f"Name what runs there: `firewall_rules: [{{name: {role}, ports: [...], sources: [...], roles: [{role}]}}]`. "
            "Accept this if nothing does."
        )
        yield Observation(f"machines.{role}", reason, fix, concerns=(role,))


rule = Rule(
    id="CLOSED",
    title="A firewall that cuts off what runs on the machine",
    severity="warning",
    reason="Existing machines may run something that Hacienda does not know. Their firewall drops everything that neither a "
    "declared port nor a rule of the operator allows. Ceph's daemons, for example, would lose contact with each other.",
    fix="Name the ports in `firewall_rules`.",
    find=_find,
)
