"""A skip that nobody expected turns CI red."""

from __future__ import annotations

import types
from typing import Any

import pytest

from tests.conftest import SkipGuard


def finished(reason: str) -> tuple[SkipGuard, Any]:
    guard, session = SkipGuard(), types.SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    report = pytest.TestReport("tests/x.py::test_x", ("x.py", 1, "x"), {}, "skipped", ("x.py", 1, reason), "call")
    guard.pytest_runtest_logreport(report)
    guard.pytest_sessionfinish(session)  # type: ignore[arg-type]
    return guard, session


def test_ci_fails_on_a_skip_it_did_not_expect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    guard, session = finished("Skipped: no lab here")
    assert session.exitstatus == pytest.ExitCode.TESTS_FAILED
    assert guard.unexpected == ["tests/x.py::test_x: no lab here"]


def test_an_operator_may_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    assert finished("Skipped: no lab here")[1].exitstatus == pytest.ExitCode.OK


def test_ci_accepts_what_it_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("tests.conftest.EXPECTED_SKIPS", frozenset({"no lab here"}))
    assert finished("Skipped: no lab here")[1].exitstatus == pytest.ExitCode.OK
