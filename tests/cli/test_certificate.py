"""A certificate of another authority: what `hacienda check` says of it, and how `hacienda secrets certificate` keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hacienda.secrets.pki import utc_now
from tests.cli.conftest import Project
from tests.secrets.test_provided import NOW, Signed, signed

NAME = "cloud.example.org"
ENVIRONMENT = """\
name: small
platform: {{type: existing, known_hosts: known_hosts}}
networks:
  management: {{cidr: 192.0.2.0/24, vip: 192.0.2.10}}
  public: {{cidr: 198.51.100.0/24, vip: 198.51.100.9, vlan: 20}}
machines:
  controller: 3
api:
  public_name: cloud.example.org
  certificate: {certificate}
"""
FILES = "{chain: chain.pem, key: key.pem, authority: ca.pem}"
PASSED = (utc_now() - NOW) // timedelta(days=1)
"""Days since the certificates of tests/secrets were made."""
ROOT = signed("company", since=PASSED - 1, days=PASSED + 3650)


def leaf(*hosts: str, days: int = 90) -> Signed:
    """A certificate that ends in so many days."""
    return signed("cloud", ROOT, hosts=hosts or (NAME,), since=PASSED - 100, days=PASSED + days)


def write(project: Project, one: Signed, key: bytes | None = None, certificate: str = FILES) -> None:
    """An environment with a certificate of the company's."""
    project.file.write_text(ENVIRONMENT.format(certificate=certificate))
    (project.root / "chain.pem").write_bytes(one.pem)
    (project.root / "key.pem").touch(mode=0o600)
    (project.root / "key.pem").write_bytes(key if key is not None else one.key_pem())
    (project.root / "ca.pem").write_bytes(ROOT.pem)


def found(project: Project) -> list[tuple[str, str, str]]:
    """Severity, place and reason of what the check says about the certificate."""
    told: list[dict[str, Any]] = project.json("check", "small", code=None)["findings"]
    about = [one for one in told if one["rule"] == "CERT" and one["where"].startswith("api.certificate")]
    assert all(one["line"] == 10 for one in about)
    return [(one["severity"], one["where"], one["reason"]) for one in about]


def test_a_good_one_is_not_remarked_upon(project: Project) -> None:
    write(project, leaf())
    assert found(project) == []


@pytest.mark.parametrize(
    ("one", "part", "reason"),
    [
        (leaf(days=-2), "chain", "expired on"),
        (leaf("other.example.org"), "chain", "is for other.example.org, not for cloud.example.org"),
        (signed("cloud", hosts=[NAME], days=PASSED + 9), "authority", "did not sign"),
    ],
    ids=["expired", "another name", "another authority"],
)
def test_one_that_clients_would_refuse_fails_the_check(project: Project, one: Signed, part: str, reason: str) -> None:
    write(project, one)
    [(severity, where, said)] = found(project)
    assert (severity, where) == ("error", f"api.certificate.{part}")
    assert reason in said
    assert project.run("check", "small", code=1).stdout.count("CERT") == 1


def test_the_key_of_another_fails_the_check(project: Project) -> None:
    write(project, leaf(), leaf().key_pem())
    [(severity, where, said)] = found(project)
    assert (severity, where) == ("error", "api.certificate.key")
    assert said.endswith("key.pem does not belong to the certificate.")


def test_what_cannot_be_read_is_not_taken_for_good(project: Project) -> None:
    write(project, leaf("other.example.org"))
    (project.root / "key.pem").unlink()
    assert [(severity, where) for severity, where, _ in found(project)] == [
        ("error", "api.certificate.chain"),
        ("warning", "api.certificate.key"),
    ]
    (project.root / "chain.pem").unlink()
    assert {severity for severity, *_ in found(project)} == {"warning"}
    assert all("cannot be read" in said for *_, said in found(project))


def test_the_command_keeps_one_that_is_good_and_nothing_else(project: Project) -> None:
    write(project, leaf("other.example.org"), certificate="{}")
    store = project.root / ".hacienda/small/secrets"
    assert found(project) == []
    refused = project.run("secrets", "certificate", "small", "chain.pem", "key.pem", code=2)
    assert "is for other.example.org, not for cloud.example.org" in refused.stderr
    assert not list(store.rglob("*public*"))

    good = leaf()
    write(project, good, certificate="{}")
    changed = project.json("secrets", "certificate", "small", "chain.pem", "key.pem")["changed"]
    assert changed == ["x509/public/bundle.pem"]
    shown = {one["name"]: one for one in project.json("secrets", "show", "small")["secrets"]}
    assert shown["x509/public/key.pem"]["value"].encode() == good.key_pem()
    again = project.run("secrets", "certificate", "small", "chain.pem", "key.pem")
    assert "kept nothing: the store has this certificate" in again.stdout
    assert good.key_pem().decode() not in again.stdout + again.stderr
    for name in ("chain.pem", "key.pem"):
        (project.root / name).unlink()
    assert found(project) == []
    project.file.write_text(project.file.read_text().replace("cloud.example.org", "new.example.org"))
    assert [where for _, where, _ in found(project)] == ["api.certificate.chain"]


def test_one_that_is_owed_to_the_store_is_missed_there(project: Project) -> None:
    write(project, leaf())
    project.run("secrets", "init", "small")
    store = project.root / ".hacienda/small/secrets"
    for path in store.rglob("x509/public/*"):
        path.unlink()
    project.file.write_text(ENVIRONMENT.format(certificate="{}"))
    [(severity, where, said)] = found(project)
    assert (severity, where) == ("warning", "api.certificate")
    assert "is not in the store of secrets" in said


def test_the_command_is_for_environments_that_have_such_a_certificate(project: Project) -> None:
    chain = project.root / "chain.pem"
    chain.write_bytes(leaf().pem)
    refused = project.run("secrets", "certificate", "small", "chain.pem", "chain.pem", code=2).stderr
    assert "small has no certificate of another authority\n  Add `api: {certificate: {}}` to its file." in refused
