"""TIME: fewer than four time sources."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Finding
from hacienda.cloud.model import Cloud

ENOUGH = 4
"""With four sources one may be wrong and be found out while another is away; with three only one of both."""


def find(cloud: Cloud) -> Iterator[Finding]:
    """A finding where there are too few. Containers have their host's clock and set none."""
    count = len(set(cloud.time_servers))
    if count >= ENOUGH or cloud.platform.containers:
        return
    reason = f"{count} time {'source' if count == 1 else 'sources'}: a wrong clock cannot be told from the right ones."
    yield Finding("TIME", "warning", "time.servers", reason, f"Name {ENOUGH} that do not depend on one another.")
