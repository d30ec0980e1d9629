"""NETS: data that crowds out the heartbeats."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.declare import Role
from hacienda.environment.network import Purpose

_TOLD: tuple[tuple[Purpose, Role, str], ...] = (
    ("storage", "storage", "copies of data after a lost disk share"),
    ("tenant", "compute", "whatever instances send each other shares"),
)
"""Purpose, the role that makes its traffic, and what that does to a link."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each kind of bulk traffic that has no network of its own. A lab's bridges are in one kernel."""
    cloud = subject.cloud
    if subject.lab:
        return
    for purpose, role, traffic in _TOLD:
        management = cloud.management
        if any(node.role == role for node in cloud.nodes) and cloud.network(purpose) is management:
            said = purpose in management.purposes
            travels = f"{purpose} travels on {management.name}" if said else f"there is none for {purpose}"
            reason = f"{travels}: {traffic} a link with the heartbeats of every quorum."
            fix = f"Give {purpose} a network of its own, at least as a VLAN that the switches can limit."
            yield Observation(f"networks.{management.name}" if said else "networks", reason, fix, concerns=(purpose,))


rule = Rule(
    id="NETS",
    title="Bulk traffic on the management network",
    severity="warning",
    reason="A rebuild of storage or one busy instance fills a link. Heartbeats on the same link come late, and quorums fall "
    "apart on a healthy cloud.",
    fix="Give storage and tenant traffic networks of their own.",
    find=_find,
)
