"""A pull request that adds a recipient: no command hands it the secrets, and the one that does so says it first."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest
from pyrage import x25519

from tests.cli.conftest import ENVIRONMENT, Project

STORE = "environments/small.secrets"


@pytest.fixture
def operator(tmp_path: Path) -> x25519.Identity:
    identity = x25519.Identity.generate()
    (tmp_path / "operator.txt").write_text(str(identity))
    return identity


@pytest.fixture
def encrypted(project: Project, operator: x25519.Identity, tmp_path: Path) -> Project:
    """`small` with an encrypted store that the operator alone can read."""
    project.extra["HACIENDA_AGE_IDENTITY"] = str(tmp_path / "operator.txt")
    name(project, operator)
    project.run("secrets", "init", "small")
    return project


def name(project: Project, *readers: x25519.Identity) -> None:
    """Write the environment's file with these recipients."""
    keys = ", ".join(str(reader.to_public()) for reader in readers)
    project.file.write_text(f"{ENVIRONMENT}secrets: {{backend: age, recipients: [{keys}]}}\n")


@pytest.mark.parametrize(
    "command",
    [("synth", "small"), ("secrets", "init", "small"), ("secrets", "rotate", "small", "*"), ("plan", "small")],
    ids=" ".join,
)
def test_a_merged_recipient_reads_nothing(
    encrypted: Project, operator: x25519.Identity, command: tuple[str, ...]
) -> None:
    attacker = x25519.Identity.generate()
    before = (encrypted.root / STORE).read_bytes()
    name(encrypted, operator, attacker)
    said = encrypted.run(*command, code=2).stderr
    assert str(attacker.to_public()) in said
    assert "hacienda secrets reencrypt ENV" in said
    assert (encrypted.root / STORE).read_bytes() == before
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(before, [attacker])


def test_the_command_of_its_own_shows_asks_and_does_it(encrypted: Project, operator: x25519.Identity) -> None:
    colleague, leaver = x25519.Identity.generate(), x25519.Identity.generate()
    name(encrypted, operator, leaver)
    encrypted.run("secrets", "reencrypt", "small", "--yes")
    name(encrypted, operator, colleague)
    before = (encrypted.root / STORE).read_bytes()
    refused = encrypted.run("secrets", "reencrypt", "small", code=2).stderr
    assert f"gains access: can read every secret: {colleague.to_public()}" in refused
    assert f"loses access: cannot read later values: {leaver.to_public()}" in refused
    assert f"stays: {operator.to_public()}" in refused
    assert "Add --yes" in refused
    assert (encrypted.root / STORE).read_bytes() == before
    done = encrypted.run("secrets", "reencrypt", "small", "--yes")
    assert f"encrypted {encrypted.root / STORE} to 2 recipients" in done.stdout
    assert "hacienda secrets rotate small '*'" in done.stderr
    assert pyrage.decrypt((encrypted.root / STORE).read_bytes(), [colleague])
    again = encrypted.json("secrets", "reencrypt", "small")
    assert (again["changed"], again["gains"], again["loses"], len(again["stays"])) == (False, [], [], 2)
    encrypted.run("synth", "small")
