"""POOL: services that may open more database connections than the database accepts."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import timers
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud import entrance


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if the pools together are larger than what the writer accepts."""
    cloud, wanted = subject.cloud, entrance.pools(subject.cloud)
    total = sum(wanted.values())
    for database, limit in subject.limits("database", "connections"):
        accepted = limit.amount(cloud, cloud.servers(database)[0])
        if total + entrance.KEPT > accepted:
            listed = ", ".join(f"{name} {count}" for name, count in wanted.items())
            reason = f"the database accepts {accepted} connections, and its clients may open {total} ({listed})."
            fix = f"Use {total + entrance.KEPT} or more, or fewer workers."
            yield Observation(timers.where(database, limit.option), reason, fix, concerns=tuple(wanted))


rule = Rule(
    id="POOL",
    title="More database connections than the database accepts",
    severity="error",
    reason="All clients use one writer. Under load, or while they reconnect after a failover, the database refuses the last ones "
    "with `Too many connections`: a successful failover looks like an outage.",
    fix="Raise the database's `max_connections`, or use fewer workers.",
    find=_find,
)
