"""REPL: too few storage machines for three copies."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Node

COPIES = 3
"""Copies of each object (`size`), of which two must be written (`min_size`) (docs/reference.md#ceph)."""


def holders(cloud: Cloud) -> tuple[Node, ...]:
    """Machines that hold copies: the storage machines with an `osd` disk, or all of them where no disk is named."""
    nodes = cloud.role("storage")
    return tuple(node for node in nodes if "osd" in node.disks) or nodes


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation where there are storage machines, but not enough."""
    count = len(holders(subject.cloud))
    if 0 < count < COPIES:
        held = "machine holds" if count == 1 else "machines hold"
        reason = f"{count} storage {held} data: {COPIES} copies do not fit, and losing one machine stops writes or loses data."
        yield Observation("machines.storage", reason)


rule = Rule(
    id="REPL",
    title="Too few storage machines for three copies",
    severity="error",
    reason="With two copies a disk error while the other copy is away loses data. Three copies on three machines, two of "
    "which must acknowledge a write, survive it.",
    fix=f"Use at least {COPIES} storage machines with an `osd` disk.",
    find=_find,
)
