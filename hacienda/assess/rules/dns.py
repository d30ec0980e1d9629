"""DNS: one name server."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if the file names exactly one name server. If it names none, the machines keep theirs."""
    servers = set(subject.cloud.name_servers)
    if len(servers) == 1:
        reason = f"{servers.pop()} is the only name server: without it, every lookup fails after seconds."
        yield Observation("dns.servers", reason)


rule = Rule(
    id="DNS",
    title="One name server",
    severity="warning",
    reason="Machines find package sources, time servers and clients by name. While the only name server is unreachable, each "
    "lookup waits for its time-out.",
    fix="Name two or three, on different machines.",
    find=_find,
)
