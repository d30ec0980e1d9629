"""VRID: one VRRP router id twice on a layer-2 network."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import claims
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each virtual IP whose VRRP id another environment uses on what may be the same network."""
    for other in subject.others:
        for conflict in claims.conflicts(subject.cloud, other):
            if conflict.kind == "vrrp id":
                yield Observation(
                    conflict.where, conflict.reason, severity=conflict.severity, concerns=conflict.concerns
                )


rule = Rule(
    id="VRID",
    title="One VRRP id twice on a layer-2 network",
    severity="error",
    reason="Routers with one id on one layer-2 network count as one router: they take each other's addresses away, or share a "
    "hardware address. Many deployment tools start at 51 and conflict.",
    fix="Choose a virtual IP with another last octet, which is its VRRP id, or give the network its own `vlan`.",
    find=_find,
)
