"""Every rule speaks of the cloud that breaks it, and is silent about the one that almost does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.assess import Finding, Subject, acceptance, findings, rules
from hacienda.assess.index import index
from tests.assess.cases import CASES
from tests.assess.samples import NOTHING, subject

ROOT = Path(__file__).parents[2]


def of(name: str, assessed: Subject) -> list[Finding]:
    """What one rule finds. All of them together are asked in tests/assess/test_mutations.py."""
    if name == "ACCEPT":  # it looks at what the others found
        return [finding for finding in findings(assessed) if finding.rule == name]
    return [acceptance.applied(finding, assessed) for finding in rules()[name].findings(assessed)]


@pytest.fixture(scope="module")
def sound() -> tuple[Finding, ...]:
    """What is found in the sound cloud, for the cases that change nothing of it."""
    return tuple(findings(subject()))


def test_the_sound_cloud_is_sound(sound: tuple[Finding, ...]) -> None:
    assert [str(finding) for finding in sound if not finding.accepted] == []


def test_every_rule_is_tested() -> None:
    assert set(CASES) == set(rules())


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_cloud_that_breaks_a_rule_is_found(name: str) -> None:
    case = CASES[name]
    found = [finding for finding in of(name, subject(case.broken)) if not finding.accepted]
    assert found
    assert found[0].where == case.where
    assert case.says in found[0].reason
    assert found[0].fix


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_cloud_that_almost_does_is_left_alone(name: str, sound: tuple[Finding, ...]) -> None:
    kept = CASES[name].kept
    found = sound if kept is NOTHING else of(name, subject(kept))
    assert [str(finding) for finding in found if finding.rule == name and not finding.accepted] == []


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_explains_itself(name: str) -> None:
    rule = rules()[name]
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.reason.endswith(".")
    assert rule.fix.endswith((".", "`."))


@pytest.mark.parametrize("name", sorted(rules()))
def test_a_rule_has_a_page_with_its_name_and_what_to_do(name: str) -> None:
    page = (ROOT / rules()[name].page).read_text()
    assert page.startswith(f"# {name}: ")
    assert "**Do this:**" in page


def test_every_page_is_of_a_rule() -> None:
    assert {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} == {*rules(), "README"}


def test_the_list_of_pages_is_up_to_date() -> None:
    assert (ROOT / "docs" / "rules" / "README.md").read_text() == index(), "run `python docs/generate.py`"
