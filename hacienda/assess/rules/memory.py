"""MEMORY: services that may take more memory than the machine has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node

GIB = 1024**3
MIB = 1024**2
SHARE = 0.85
"""What services may plan with; the rest is the operating system's, for connections, and for a full copy of a member."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each declared size of machine that is too small for what its services are allowed to take."""
    sizes = {(node.role, node.memory): node for node in reversed(subject.cloud.nodes) if node.memory is not None}
    for node in sizes.values():
        planned = {service: size for service, size in _planned(subject, node).items() if size}
        if node.memory is None or sum(planned.values()) <= SHARE * node.memory:
            continue
        listed = ", ".join(f"{service} {size / GIB:.1f}" for service, size in sorted(planned.items()))
        total = sum(planned.values()) / GIB
        reason = f"{node.name}'s services may take {total:.1f} GiB ({listed}) of the {node.memory / GIB:.1f} GiB that it has."
        yield Observation(f"machines.{node.role}.memory", reason, concerns=(node.name, *planned))


def _planned(subject: Subject, node: Node) -> Mapping[str, int]:
    """Service -> bytes that its rendered configuration lets it take on a node."""
    found: dict[str, int] = {}
    serves = node in subject.cloud.servers("galera")  # an arbiter votes there and keeps nothing
    galera = subject.text("galera", "/etc/mysql/mariadb.conf.d/90-hacienda.cnf", node) if serves else None
    if galera is not None:
        found["galera"] = int(reading.pairs(galera)["innodb_buffer_pool_size"])
    rabbitmq = subject.text("rabbitmq", "/etc/rabbitmq/rabbitmq.conf", node)
    if rabbitmq is not None:
        found["rabbitmq"] = int(reading.pairs(rabbitmq)["vm_memory_high_watermark.absolute"])
    memcached = subject.text("memcached", "/etc/memcached.conf", node)
    if memcached is not None:
        found["memcached"] = int(reading.only(r"^-m ([0-9]+)$", memcached)) * MIB
    return found


rule = Rule(
    id="MEMORY",
    title="Services that may take more memory than there is",
    severity="error",
    reason="On the day that all of them take what they may, the kernel kills the largest: the database. On the other machines "
    "it is the same day.",
    fix="Lower `buffer_pool`, `memory_limit` or `memory` of these services, or give the machine more.",
    find=_find,
)
