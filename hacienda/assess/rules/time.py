"""TIME: fewer than four time sources."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

ENOUGH = 4
"""With four sources one may be wrong and be found out while another is away; with three only one of both."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation where there are too few, and an error for what is no source at all. Containers have their host's clock and
    set none."""
    for server, owner in subject.cloud.own_time_servers.items():
        reason = f"{server} is {owner}: the cloud would follow itself."
        fix = "Remove it: machines ask the controllers in any case, for when no source outside answers."
        yield Observation("time.servers", reason, fix, "error", (server,))
    count = len(set(subject.cloud.time_servers))
    if count >= ENOUGH or subject.cloud.platform.containers:
        return
    reason = f"{count} time {'source' if count == 1 else 'sources'}: a wrong clock cannot be told from the right ones."
    yield Observation("time.servers", reason)


rule = Rule(
    id="TIME",
    title="Fewer than four time sources",
    severity="warning",
    reason="Tokens, certificates, leases and replication depend on clocks that agree, and with fewer than four sources a wrong "
    "one goes unnoticed while another is away.",
    fix=f"Name {ENOUGH} that do not depend on one another.",
    find=_find,
)
