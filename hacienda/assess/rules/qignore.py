"""QIGNORE: a cluster that keeps serving without a majority."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service with several members of which a minority keeps serving."""
    cloud = subject.cloud
    for service in cloud.services:
        setting, count = service.ignores_quorum(cloud), len(cloud.members(service.name))
        if setting and count > 1:
            reason = (
                f"{service.name}'s {count} members keep serving when they lose contact with each other: `{setting}`."
            )
            yield Observation("machines.controller", reason, concerns=(service.name,))


rule = Rule(
    id="QIGNORE",
    title="A cluster that ignores its quorum",
    severity="error",
    reason="Two halves that lose contact both keep accepting writes, and no program can merge the data afterwards.",
    fix="Give it three members, so that the minority can stop.",
    find=_find,
)
