"""REPL: fewer than three copies of what is stored."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Node

COPIES = 3
"""Copies of each object (`size`). Two of them must be written (`min_size`) (docs/reference.md#ceph)."""


def holders(cloud: Cloud) -> tuple[Node, ...]:
    """Machines that hold copies: storage machines with a disk `osd` or `osd-...`, or all storage machines if none names one."""
    nodes = cloud.role("storage")
    return tuple(node for node in nodes if any(purpose.split("-")[0] == "osd" for purpose in node.disks)) or nodes


def copies(cloud: Cloud) -> int:
    """Copies that the cloud's storage cluster keeps; the usual number if it has none."""
    return cloud.copies("storage cluster") or COPIES


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if nothing holds what the storage cluster stores, if too few machines do, or if it keeps too few copies."""
    cloud = subject.cloud
    provider, count = cloud.provider("storage cluster"), len(holders(cloud))
    if provider and not any("storage" in one.roles and "storage cluster" in one.requires for one in cloud.services):
        reason = f"no storage machine keeps what {provider.name} is to store: every write waits forever."
        fix = "Use storage machines with a service that keeps data (`services: {ceph-osd: true}`)."
        yield Observation(f"services.{provider.name}", reason, fix, concerns=(provider.name,))
    elif 0 < count < COPIES:
        held = "machine holds" if count == 1 else "machines hold"
        reason = f"{count} storage {held} data: {COPIES} copies do not fit, and losing one machine stops writes or loses data."
        yield Observation("machines.storage", reason)
    elif provider and (kept := copies(cloud)) < COPIES:
        lost = "loses data" if kept == 1 else "stops writes, and one more disk error loses data"
        reason = f"{provider.name} keeps {kept} {'copy' if kept == 1 else 'copies'} of each object: losing one machine {lost}."
        option = next((f".{one.option}" for one in provider.redundancy if one.option), "")
        fix = f"Use {COPIES} copies."
        yield Observation(f"services.{provider.name}{option}", reason, fix, concerns=(provider.name,))


rule = Rule(
    id="REPL",
    title="Fewer than three copies of what is stored",
    severity="error",
    reason="With two copies, a disk error loses data while the other copy is unreachable. Three copies on three machines survive "
    "it, if two of them must acknowledge each write.",
    fix=f"Use at least {COPIES} storage machines with an `osd` disk.",
    find=_find,
)
