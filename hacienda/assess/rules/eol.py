"""EOL: software that nobody maintains any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from hacienda.assess.finding import Observation, Severity
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

DISTRIBUTION = {"debian-13": ("Debian 13", date(2028, 8, 9))}
"""Last day of the security team's support (Debian's release page). Long-term support, until 2030-06-30, covers less."""
OPENSTACK = {"2025.1": date(2026, 10, 2)}
"""Last day on which the release is maintained upstream (data/series_status.yaml of openstack/releases)."""
CEPH = ("Ceph 18.2, which Debian 13 packages,", date(2026, 3, 31))
"""Last day of upstream support (docs/reference.md#ceph)."""
NOTICE = timedelta(days=180)
"""Half a year, because the upgrade of a cloud takes planning."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each layer at its end of life. The distribution maintains what it packages."""
    cloud, today = subject.cloud, subject.today
    name, end = DISTRIBUTION[cloud.operating_system]
    if today > end - NOTICE:
        severity: Severity = "error" if today > end else "warning"
        passed = "had security updates until" if today > end else "has security updates until"
        yield Observation("operating_system", f"{name} {passed} {end}.", severity=severity, concerns=(name,))
    if subject.lab:
        return
    fix = "Install the distribution's security updates until Hacienda offers the next release, and accept this until then."
    if today > OPENSTACK[cloud.release]:
        reason = f"since {OPENSTACK[cloud.release]}, only the distribution maintains OpenStack {cloud.release}."
        yield Observation("release", reason, fix, "info", ("openstack",))
    if today > CEPH[1] and cloud.role("storage"):
        reason = f"{CEPH[0]} has had no upstream support since {CEPH[1]}."
        yield Observation("machines.storage", reason, fix, "info", (CEPH[0].partition(" ")[0].lower(),))


rule = Rule(
    id="EOL",
    title="Software past its end of life",
    severity="warning",
    reason="Software that nobody maintains gets no security updates, and nobody corrects its faults.",
    fix="Plan the upgrade to the next release.",
    find=_find,
)
