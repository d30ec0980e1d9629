"""Nothing that a test did goes unexplained."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tempest.verdict import Known, Outcome, complaints, of_each

A, B, C = "tempest.api.x.TestX.test_a", "tempest.api.x.TestX.test_b", "tempest.api.y.TestY.test_c"
LISTED = [f"{A}[id-1,smoke]", f"{B}[id-2,network,smoke]", f"{C}[id-3,smoke]"]
PASSED = {f"{A}[id-1,smoke]": Outcome("success"), f"{B}[id-2,network,smoke]": Outcome("success")}
WELL = {**PASSED, f"{C}[id-3,smoke]": Outcome("success")}
SKIPPED = Outcome("skip", "TestY skipped as swift is not available")
NO_SWIFT = Known("skip", "no Swift", "swift is not available")


def test_tests_that_pass_need_no_explanation() -> None:
    assert complaints(LISTED, WELL, {}) == []


@pytest.mark.parametrize("state", ["fail", "skip", "inprogress", "xfail", "uxsuccess", "unknown"])
def test_any_other_outcome_is_a_complaint(state: str) -> None:
    outcomes = {**WELL, f"{C}[id-3,smoke]": Outcome(state, "log\nTraceback\nValueError: no")}
    assert complaints(LISTED, outcomes, {}) == [f"{C}: {state}: ValueError: no"]


def test_a_skipped_class_is_a_complaint_for_each_of_its_tests_unless_it_is_known() -> None:
    outcomes = {f"{C}[id-3,smoke]": Outcome("success"), "setUpClass (tempest.api.x.TestX)": SKIPPED}
    assert of_each(LISTED, outcomes) == {A: SKIPPED, B: SKIPPED, C: Outcome("success")}
    assert complaints(LISTED, outcomes, {A: NO_SWIFT}) == [f"{B}: skip: {SKIPPED.said}"]
    assert complaints(LISTED, outcomes, {A: NO_SWIFT, B: NO_SWIFT}) == []


def test_a_test_without_an_outcome_is_a_complaint() -> None:
    assert complaints(LISTED, PASSED, {}) == [f"{C}: has no outcome"]
    assert complaints([], {}, {}) == ["no test was to run"]


def test_a_known_failure_that_passes_is_a_complaint() -> None:
    assert complaints(LISTED, WELL, {C: NO_SWIFT}) == [f"{C}: success, known as skip (no Swift): "]


def test_another_failure_of_a_test_that_is_known_to_fail_is_a_complaint() -> None:
    known = {C: Known("fail", "no SSH server", "SSHTimeout")}
    failed = {**PASSED, C: Outcome("fail", "AssertionError: no ping")}
    (said,) = complaints(LISTED, failed, known)
    assert said == f"{C}: fail for another reason than is known (no SSH server): AssertionError: no ping"
    assert complaints(LISTED, {**PASSED, C: Outcome("fail", "SSHTimeout: 10.0.0.1")}, known) == []


def test_a_known_test_that_is_not_in_the_set_is_a_complaint() -> None:
    assert complaints(LISTED, WELL, {"tempest.gone": NO_SWIFT}) == ["tempest.gone: is known, and is not in the set"]


@pytest.mark.parametrize("test", ["tearDownClass (tempest.api.x.TestX)", "setUpClass (tempest.api.z.TestZ)", "other"])
def test_whatever_else_fails_is_a_complaint(test: str) -> None:
    assert complaints(LISTED, {**WELL, test: Outcome("fail", "left")}, {}) == [f"{test}: fail: left"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {state: skip, reason: r, tests: [a]}", "says"),
        ("- {state: passes, reason: r, says: s, tests: [a]}", "fail or skip"),
        ("- {state: skip, reason: r, says: s, tests: [a, a]}", "a is named twice"),
    ],
)
def test_a_wrong_entry_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "known.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=said):
        Known.read(file)


def test_the_file_of_what_is_known_can_be_read() -> None:
    for test, known in Known.read(Path(__file__).parent / "known.yaml").items():
        assert test.startswith("tempest."), test
        assert known.reason.endswith("."), test
