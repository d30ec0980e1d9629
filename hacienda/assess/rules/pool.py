"""POOL: services that may open more database connections than the database takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Node
from hacienda.declare import Service

POOL, OVERFLOW = 5, 50
"""oslo.db's defaults of `max_pool_size` and `max_overflow`."""
KEPT = 20
"""Connections for the operator, health checks and backups."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation where the pools together are larger than what the one writer accepts."""
    text = subject.text("galera", "/etc/mysql/mariadb.conf.d/90-hacienda.cnf")
    if text is None:
        return
    accepted = int(reading.pairs(text)["max_connections"])
    wanted = {service.name: count for service in subject.cloud.services if (count := _connections(subject, service))}
    total = sum(wanted.values())
    if total + KEPT <= accepted:
        return
    listed = ", ".join(f"{name} {count}" for name, count in wanted.items())
    reason = f"the database takes {accepted} connections, and its clients may open {total} ({listed})."
    fix = f"Use {total + KEPT} or more, or fewer workers."
    yield Observation("services.galera.max_connections", reason, fix, concerns=tuple(wanted))


def _connections(subject: Subject, service: Service) -> int:
    """Connections that all members of a service may open."""
    members = subject.cloud.members(service.name)
    files = subject.files(service, members[0])
    settings = [reading.ini(f.text)["database"] for f in files.values() if "[database]" in f.text]
    if not settings:
        return 0
    pool = int(settings[0].get("max_pool_size", POOL)) + int(settings[0].get("max_overflow", OVERFLOW))
    shapes: dict[int | None, int] = {}
    for node in members:
        if node.cpus not in shapes:
            shapes[node.cpus] = _processes(subject, service, node)
    return sum(pool * shapes[node.cpus] for node in members)


def _processes(subject: Subject, service: Service, node: Node) -> int:
    """uWSGI processes of a service on a node; 1 where it has none."""
    texts = (file.text for path, file in subject.files(service, node).items() if path.endswith("uwsgi.ini"))
    found = [int(match[1]) for text in texts if (match := re.search(r"^processes = ([0-9]+)$", text, re.MULTILINE))]
    return sum(found) or 1


rule = Rule(
    id="POOL",
    title="More database connections than the database takes",
    severity="error",
    reason="All clients use one writer. Under load, or while they reconnect after a failover, the last ones are refused with "
    "`Too many connections`: the failover that worked looks like an outage.",
    fix="Raise galera's `max_connections`, or use fewer workers.",
    find=_find,
)
