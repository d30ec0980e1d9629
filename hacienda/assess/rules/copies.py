"""COPIES: data that exists once and is lost with one machine."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service on several machines that keeps data on only one of them.

    The rule REPL covers the storage cluster, whose copies are not on its members.
    """
    cloud = subject.cloud
    for service in cloud.services:
        if "storage cluster" in service.provides:
            continue
        members = len(cloud.servers(service.name))
        for kept in service.redundancy:
            if members > 1 and kept.copies(cloud) <= kept.minimum:
                others = "the other one does" if members == 2 else f"the other {members - 1} do"
                reason = (
                    f"{service.name} keeps its {kept.of} on one of its {members} machines, and {others} not have them."
                )
                where = f"services.{service.name}"
                yield Observation(f"{where}.{kept.option}" if kept.option else where, reason, concerns=(service.name,))


rule = Rule(
    id="COPIES",
    title="Data on one of several machines",
    severity="warning",
    reason="A client reaches any of the machines, but only one of them has the data. If that machine is lost, the data is lost.",
    fix="Keep the data where all machines find it and name that place in the service's options, or run the service on one machine "
    "and accept this finding.",
    find=_find,
)
