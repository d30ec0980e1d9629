"""DISK: a disk that is full before the first day is over."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node

GIB = 1024**3
MIB = 1024**2
SHARE = 0.5
"""Of a disk, what one setting may claim; the rest is data, logs and the operating system."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each setting that claims most of the smallest disk that is declared for it."""
    for service, option, what, purposes, size in _claims(subject):
        disks = [(node, disk) for node in subject.cloud.members(service) if (disk := _disk(node, purposes)) is not None]
        node, disk = min(disks, key=lambda found: found[1], default=(None, 0))
        if node is not None and size > SHARE * disk:
            reason = f"{what} {size / GIB:.0f} GiB of {node.name}'s disk of {disk / GIB:.0f} GiB."
            fix = f"Use less than {SHARE * disk / GIB:.0f}GiB, or a larger disk."
            yield Observation(f"services.{service}.{option}", reason, fix, concerns=(service, node.name))


def _claims(subject: Subject) -> Iterator[tuple[str, str, str, tuple[str, ...], int]]:
    """Service, option, words, purposes of the disk it is on, bytes."""
    galera = subject.text("galera", "/etc/mysql/mariadb.conf.d/90-hacienda.cnf")
    if galera is not None:
        words, cache = "the cache of write-sets takes", int(reading.only(r"gcache\.size=([0-9]+)M", galera))
        yield "galera", "gcache", words, ("database", "system"), cache * MIB
    rabbitmq = subject.text("rabbitmq", "/etc/rabbitmq/rabbitmq.conf")
    if rabbitmq is not None:
        words, limit = "publishers are blocked unless there are", reading.pairs(rabbitmq)["disk_free_limit.absolute"]
        yield "rabbitmq", "disk_free_limit", words, ("messages", "system"), int(limit)


def _disk(node: Node, purposes: tuple[str, ...]) -> int | None:
    return next((node.disks[purpose] for purpose in purposes if purpose in node.disks), None)


rule = Rule(
    id="DISK",
    title="A disk too small for its settings",
    severity="error",
    reason="A full disk stops the database on all members at about the same time, and a free-space limit that is never met "
    "blocks every publisher from the first minute.",
    fix="Lower the setting, or use a larger disk.",
    find=_find,
)
