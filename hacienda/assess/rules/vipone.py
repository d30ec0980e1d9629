"""VIPONE: a virtual IP without a second holder."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud


def find(cloud: Cloud) -> Iterator[Finding]:
    """One finding for each virtual IP that only one machine can hold."""
    holders = [
        node for service in cloud.services if "virtual ip" in service.provides for node in cloud.members(service.name)
    ]
    if len(holders) != 1:
        return
    for vip in cloud.virtual_ips:
        reason = f"{vip.address} can be held by {holders[0].name} alone: it moves nowhere when that machine dies."
        fix = f"Add a second {holders[0].role} machine at least."
        yield Finding("VIPONE", "warning", f"networks.{vip.network}.vip", reason, fix)
