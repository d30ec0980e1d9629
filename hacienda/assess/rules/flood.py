"""FLOOD: front ends that together need more connections than a load balancer accepts."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import timers
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud import entrance


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if the shares do not fit."""
    cloud = subject.cloud
    for balancer, limit in subject.limits("load balancer", "connections"):
        most = limit.amount(cloud, cloud.servers(balancer)[0])
        door = entrance.Entrance(cloud, most, most)
        if door.total > most:
            listed = ", ".join(f"{name} {share.connections}" for name, share in door.shares.items())
            reason = f"the front ends need {door.total} connections at a time ({listed}), but a load balancer accepts {most}."
            where = timers.where(balancer, limit.option)
            yield Observation(where, reason, f"Use {door.total} or more.", concerns=tuple(door.shares))


rule = Rule(
    id="FLOOD",
    title="Front ends that take connections from each other",
    severity="error",
    reason="Each front end has a share of the connections. A stranger's idle connections to an API then cannot keep out the "
    "database's clients, nor the health check that keeps a virtual IP in place. Shares that exceed the whole protect nobody.",
    fix="Raise the load balancer's `connections`, or use fewer workers: their pools decide the database's share.",
    find=_find,
)
