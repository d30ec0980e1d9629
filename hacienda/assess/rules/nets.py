"""NETS: bulk traffic on the link of the heartbeats."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.declare import Role
from hacienda.environment.network import Purpose

_TOLD: tuple[tuple[Purpose, Role, str], ...] = (
    ("storage", "storage", "copies of data after a lost disk share"),
    ("tenant", "compute", "traffic between instances shares"),
)
"""Purpose, the role that causes its traffic, and subject and verb of the reason."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each kind of bulk traffic without its own network. A lab's bridges are in one kernel."""
    cloud = subject.cloud
    if subject.lab:
        return
    for purpose, role, traffic in _TOLD:
        management = cloud.management
        if any(node.role == role for node in cloud.nodes) and cloud.network(purpose) is management:
            said = purpose in management.purposes
            travels = f"{purpose} traffic uses {management.name}" if said else f"no network is for {purpose}"
            reason = f"{travels}: {traffic} a link with the heartbeats of every quorum."
            fix = f"Give {purpose} its own network, at least a VLAN that the switches can limit."
            yield Observation(f"networks.{management.name}" if said else "networks", reason, fix, concerns=(purpose,))


rule = Rule(
    id="NETS",
    title="Bulk traffic on the management network",
    severity="warning",
    reason="A rebuild of storage or one busy instance fills a link. Heartbeats on the same link then come late, and a healthy "
    "cloud loses its quorums.",
    fix="Give storage and tenant traffic their own networks.",
    find=_find,
)
