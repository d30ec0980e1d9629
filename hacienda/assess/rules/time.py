"""TIME: fewer than four time sources."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

ENOUGH = 4
"""With four sources, one wrong source is detected even while another one is unreachable. Three sources allow only one of both."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation if there are too few sources, and an error for each machine of the cloud that is named as a source.

    Containers use their host's clock and set none.
    """
    for server, owner in subject.cloud.own_time_servers.items():
        reason = f"{server} is {owner}: the cloud would follow its own clock."
        fix = "Remove it: machines use the controllers anyway when no outside source answers."
        yield Observation("time.servers", reason, fix, "error", (server,))
    count = len(set(subject.cloud.time_servers))
    if count >= ENOUGH or subject.cloud.platform.containers:
        return
    reason = f"{count} time {'source' if count == 1 else 'sources'}: too few to detect a wrong clock."
    yield Observation("time.servers", reason)


rule = Rule(
    id="TIME",
    title="Fewer than four time sources",
    severity="warning",
    reason="Tokens, certificates, leases and replication depend on clocks that agree. With fewer than four sources, a wrong "
    "one is not noticed while another one is unreachable.",
    fix=f"Name {ENOUGH} sources that do not depend on one another.",
    find=_find,
)
