"""A command reads its environment file once, and resolves and validates it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from hacienda import cloud, services
from tests.cli.conftest import Project


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the file was read, resolved, and its services' options validated."""
    calls: Counter[str] = Counter()

    def count(place: str, name: str, what: str) -> None:
        module = import_module(place)
        whole: Callable[..., Any] = getattr(module, name)

        def counting(*arguments: Any, **more: Any) -> Any:
            calls[what] += 1
            return whole(*arguments, **more)

        monkeypatch.setattr(module, name, counting)

    count("hacienda.environment.source", "read", "read")
    count("hacienda.cloud.resolve", "_resolution", "resolved")
    count("hacienda.environment.load", "_service_options", "validated")
    return calls


ONCE = {"read": 1, "resolved": 1, "validated": 1}


def test_a_plan_and_an_apply_read_once(project: Project, counted: Counter[str]) -> None:
    project.run("plan", "small", "--summary", "--no-secrets")
    assert counted == ONCE
    counted.clear()
    project.run("apply", "small", "--yes")
    assert counted == ONCE


@pytest.mark.parametrize("command", [("synth", "small"), ("destroy", "small", "--yes"), ("status", "small")])
def test_other_commands_read_once(project: Project, counted: Counter[str], command: tuple[str, ...]) -> None:
    project.run(*command, code=None)
    assert counted == ONCE


def test_a_second_reading_is_counted(project: Project, counted: Counter[str]) -> None:
    for _ in range(2):
        cloud.read(Path(project.file), services.registry())
    assert counted == {"read": 2, "resolved": 2, "validated": 2}
