"""DISK: a disk that is too small for its settings."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import timers
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node

GIB = 1024**3
SHARE = 0.5
"""Share of a disk that one setting may claim. The rest is for data, logs and the operating system."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each setting that claims more than its share of the smallest disk declared for it."""
    cloud = subject.cloud
    for service in cloud.services:
        for limit in service.limited("disk"):
            disks = [
                (node, disk)
                for node in cloud.servers(service.name)
                if (disk := _disk(node, limit.purposes)) is not None
            ]
            node, disk = min(disks, key=lambda found: found[1], default=(None, 0))
            size = 0 if node is None else limit.amount(cloud, node)
            if node is not None and size > SHARE * disk:
                reason = f"{limit.reason} {size / GIB:.0f} GiB of {node.name}'s disk of {disk / GIB:.0f} GiB."
                fix = f"Use less than {SHARE * disk / GIB:.0f}GiB, or a larger disk."
                where = timers.where(service.name, limit.option)
                yield Observation(where, reason, fix, concerns=(service.name, node.name))


def _disk(node: Node, purposes: tuple[str, ...]) -> int | None:
    return next((node.disks[purpose] for purpose in purposes if purpose in node.disks), None)


rule = Rule(
    id="DISK",
    title="A disk too small for its settings",
    severity="error",
    reason="A full disk stops the database on all members at about the same time. A limit of free space that the disk can never "
    "meet blocks every publisher from the first minute.",
    fix="Lower the setting, or use a larger disk.",
    find=_find,
)
