"""MEMORY: services that may take more memory than the machine has."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

GIB = 1024**3
SHARE = 0.85
"""Share that services may take. The rest is for the operating system, for connections and for a full copy of a member."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each declared size of machine that is too small for its services' limits."""
    cloud = subject.cloud
    sizes = {(node.role, node.memory): node for node in reversed(cloud.nodes) if node.memory is not None}
    for node in sizes.values():
        limits = ((service, limit) for service in cloud.running(node) for limit in service.limited("memory"))
        planned = {service.name: size for service, limit in limits if (size := limit.amount(cloud, node))}
        if node.memory is None or sum(planned.values()) <= SHARE * node.memory:
            continue
        listed = ", ".join(f"{service} {size / GIB:.1f}" for service, size in sorted(planned.items()))
        total = sum(planned.values()) / GIB
        reason = f"{node.name}'s services may take {total:.1f} GiB ({listed}) of the {node.memory / GIB:.1f} GiB that it has."
        yield Observation(f"machines.{node.role}.memory", reason, concerns=(node.name, *planned))


rule = Rule(
    id="MEMORY",
    title="Services that may take more memory than there is",
    severity="error",
    reason="When all services take what they may, the kernel kills the largest one, the database. On the other machines this "
    "happens at about the same time.",
    fix="Lower `buffer_pool`, `memory_limit` or `memory` of these services, or give the machine more memory.",
    find=_find,
)
