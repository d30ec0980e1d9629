"""EOL: software that nobody mends any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hacienda.assess.finding import Observation, Severity
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

DISTRIBUTION = {"debian-13": ("Debian 13", date(2028, 8, 9))}
"""Last day of the security team's support (Debian's release page); long-term support, until 2030-06-30, covers less."""
OPENSTACK = {"2025.1": date(2026, 10, 2)}
"""Last day on which the release is maintained upstream (data/series_status.yaml of openstack/releases)."""
CEPH = ("Ceph 18.2, which Debian 13 packages,", date(2026, 3, 31))
"""Last day of its support upstream (docs/reference.md#ceph)."""
NOTICE = timedelta(days=180)
"""Half a year: an upgrade of a cloud takes planning."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each layer that is at its end. The distribution is the one that mends what it packages."""
    cloud, today = subject.cloud, subject.today
    name, end = DISTRIBUTION[cloud.operating_system]
    if today > end - NOTICE:
        severity: Severity = "error" if today > end else "warning"
        passed = "had security updates until" if today > end else "has security updates until"
        yield Observation("operating_system", f"{name} {passed} {end}.", severity=severity, concerns=(name,))
    if subject.lab:
        return
    fix = (
        "Follow the distribution's security updates until the next release is offered here, and accept this until then."
    )
    if today > OPENSTACK[cloud.release]:
        reason = f"OpenStack {cloud.release} is maintained by its distribution alone since {OPENSTACK[cloud.release]}."
        yield Observation("release", reason, fix, "info", ("openstack",))
    if today > CEPH[1] and cloud.role("storage"):
        reason = f"{CEPH[0]} is past its end upstream since {CEPH[1]}."
        yield Observation("machines.storage", reason, fix, "info", ("ceph",))


rule = Rule(
    id="EOL",
    title="Software past its end of life",
    severity="warning",
    reason="What nobody maintains gets no security updates, and its next failure is nobody's problem but yours.",
    fix="Plan the upgrade to the next release.",
    find=_find,
)
