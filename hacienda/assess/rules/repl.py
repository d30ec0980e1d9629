"""REPL: too few storage machines for three copies."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Node

COPIES = 3
"""Copies of each object (`size`). Two of them must be written (`min_size`) (docs/reference.md#ceph)."""


def holders(cloud: Cloud) -> tuple[Node, ...]:
    """Machines that hold copies: storage machines with an `osd` disk, or all storage machines if none names one."""
    nodes = cloud.role("storage")
    return tuple(node for node in nodes if "osd" in node.disks) or nodes


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if there are storage machines, but too few."""
    count = len(holders(subject.cloud))
    if 0 < count < COPIES:
        held = "machine holds" if count == 1 else "machines hold"
        reason = f"{count} storage {held} data: {COPIES} copies do not fit, and losing one machine stops writes or loses data."
        yield Observation("machines.storage", reason)


rule = Rule(
    id="REPL",
    title="Too few storage machines for three copies",
    severity="error",
    reason="With two copies, a disk error loses data while the other copy is unreachable. Three copies on three machines survive "
    "it, if two of them must acknowledge each write.",
    fix=f"Use at least {COPIES} storage machines with an `osd` disk.",
    find=_find,
)
