"""QIGNORE: a cluster that goes on without a majority."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

_IGNORING = re.compile(
    r"cluster_partition_handling\s*=\s*(?:ignore|autoheal)\b"
    r"|pc\.ignore_(?:quorum|sb)\s*=\s*(?:true|yes|on|1)\b"
    r"|no-quorum-policy\s*[=:\"]+\s*ignore\b",
    re.IGNORECASE,
)
"""RabbitMQ (`autoheal` throws one side's messages away), Galera, Pacemaker."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each service with several members whose rendered configuration ignores the quorum."""
    for service, file in subject.configurations():
        setting = _IGNORING.search(file.text)
        count = len(subject.cloud.members(service.name))
        if setting is not None and count > 1:
            reason = (
                f"{service.name}'s {count} members go on alone when they lose sight of each other: {setting[0]!r} "
                f"in {file.path}."
            )
            yield Observation("machines.controller", reason, concerns=(service.name,))


rule = Rule(
    id="QIGNORE",
    title="A cluster that ignores its quorum",
    severity="error",
    reason="Two halves that cannot see each other both go on, both accept writes, and no program can merge them afterwards.",
    fix="Give it three members, so that the minority can stop.",
    find=_find,
)
