"""SINGLE: one instance of a service."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud


def find(cloud: Cloud) -> Iterator[Finding]:
    """One finding for each machine that alone runs services; services that vote are VOTERS' business."""
    alone: dict[str, list[str]] = {}
    for service in cloud.services:
        members = cloud.members(service.name)
        if service.role != "every" and not service.voters and len(members) == 1:
            alone.setdefault(members[0].name, []).append(service.name)
    for name, services in alone.items():
        reason = (
            f"{', '.join(services)} {'runs' if len(services) == 1 else 'run'} on {name} alone, and nobody takes over."
        )
        role = cloud.node(name).role
        yield Finding("SINGLE", "warning", f"machines.{role}", reason, f"Add a second {role} machine at least.")
