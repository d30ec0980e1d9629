"""What environments must not share, and where they do."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hacienda.assess import Finding, Held, Subject, findings
from hacienda.assess.claims import claims, conflicts, in_order
from tests.assess.cases import beside, held
from tests.assess.samples import TODAY, Change, cloud, subject

ONE = """\
name: one
platform: existing
networks: {management: {cidr: 10.1.0.0/16, vip: 10.1.0.5, range: 10.1.0.2-10.1.0.200, vlan: 7}}
machines: {controller: 3}
"""


def kinds(other: str) -> list[tuple[str, str]]:
    """Kinds and severities of the conflicts of ONE with an environment on another management network."""
    text = f"name: other\nplatform: existing\nnetworks: {{management: {{{other}}}}}\nmachines: {{controller: 3}}\n"
    return [(conflict.kind, conflict.severity) for conflict in conflicts(cloud(ONE), cloud(text, name="other.yaml"))]


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ("cidr: 10.2.0.0/16, vip: 10.2.0.9, vlan: 7", []),
        ("cidr: 10.2.0.0/16, vip: 10.2.0.5, vlan: 7", [("vrrp id", "warning")]),
        ("cidr: 10.2.0.0/16, vip: 10.2.0.5, vlan: 8", []),
        ("cidr: 10.2.0.0/16, vip: 10.2.0.5", []),
        ("cidr: 10.1.0.0/16, vip: 10.1.1.5, range: 10.1.1.1-10.1.1.99, vlan: 7", [("vrrp id", "error")]),
        ("cidr: 10.1.0.0/16, vip: 10.1.1.6, range: 10.1.1.1-10.1.1.99, vlan: 7", []),
        ("cidr: 10.1.0.0/24, vip: 10.1.0.6, vlan: 8", [("range", "warning")]),
        ("cidr: 10.1.0.0/24, vip: 10.1.0.5, vlan: 8", [("range", "warning"), ("virtual ip", "error")]),
    ],
)
def test_what_conflicts(other: str, found: list[tuple[str, str]]) -> None:
    assert kinds(other) == found


def test_bridges_of_containers_never_meet() -> None:
    text = (
        ONE.replace("platform: existing", "platform: incus").replace("name: one", "name: two").replace(", vlan: 7", "")
    )
    found = conflicts(cloud(text), cloud(text.replace("name: two", "name: three").replace("10.1.", "10.2.")))
    assert list(found) == []


def of(rule: str, change: Change) -> list[Finding]:
    return [finding for finding in findings(subject(change)) if finding.rule == rule]


def test_a_conflict_names_both_files() -> None:
    found = of("RANGE", beside("10.90.0.0/24, vip: 10.90.0.99", "10.60.0.0/24, vip: 10.60.0.5"))
    assert [finding.severity for finding in found] == ["error", "warning"]
    assert str(found[0]).startswith(
        "test.yaml:6: networks.management.vip: 10.60.0.5 is also a virtual IP in other-0.yaml (networks.management.vip)."
    )


def test_one_domain_for_two_environments_is_told() -> None:
    [finding] = of("NAME", beside("name: beside", "name: beside\ndomain: sound.example.org"))
    assert (finding.severity, finding.where) == ("warning", "domain")


def test_an_expired_certificate_is_an_error() -> None:
    [finding] = of("CERT", held("x509/authority/truths/bundle.pem", days=-1))
    assert finding.severity == "error"
    assert finding.reason == "x509/authority/truths/bundle.pem expired, the first on 2026-01-14."
    assert finding.fix.startswith("Run: hacienda secrets rotate sound --kind ca")


@pytest.mark.parametrize(
    ("days", "fix"), [(90, "Run: hacienda apply sound"), (60, "Run: hacienda secrets rotate sound")]
)
def test_certificates_that_an_apply_would_not_renew_yet_are_rotated(days: int, fix: str) -> None:
    soon = Change(add=f"tls: {{leaf_days: {days}}}\n", held=held("nodes/ctl-1/x509/truths/bundle.pem", days=25).held)
    [finding] = of("CERT", soon)
    assert finding.fix.startswith(fix)


def test_many_certificates_are_one_finding() -> None:
    end = datetime(2026, 1, 20, tzinfo=UTC)
    many = tuple(Held(f"nodes/ctl-{number}/x509/truths/bundle.pem", end) for number in range(5))
    [finding] = of("CERT", Change(held=many))
    assert finding.reason.startswith("5 certificates (nodes/ctl-0/")
    assert len(finding.concerns) == 5


def test_everything_that_is_exclusive_is_listed() -> None:
    found = Subject(cloud(ONE), TODAY, held=(Held("a", datetime(2026, 2, 1, tzinfo=UTC)), Held("database/names")))
    listed = [(entry.kind, entry.value, entry.note) for entry in in_order(claims(found))]
    assert listed == [
        ("certificate", "2026-02-01", "17 days"),
        ("range", "10.1.0.2-10.1.0.200", "vlan 7"),
        ("virtual ip", "10.1.0.5", ""),
        ("vrrp id", "5", "vlan 7"),
    ]
