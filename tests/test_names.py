"""One concept has one class: names that once stood for several, and words that docs/STYLE.md replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hacienda"
REPLACED = {"Seat", "Fate", "Hands", "Ledger", "Site", "Electorate", "Content"}
"""Former names of a member's state, its outcome, an executor, departures, the provider's data, a voter group, an output."""


def classes(tree: ast.AST) -> Iterator[str]:
    """Names of classes and of types that a module defines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def defined(name: str) -> list[str]:
    """Modules that define a class of that name. A construct has the name of what it makes, which is its public name."""
    paths = (path.relative_to(PACKAGE) for path in sorted(PACKAGE.rglob("*.py")))
    return [
        str(path)
        for path in paths
        if path.parts[0] != "constructs" and name in set(classes(ast.parse((PACKAGE / path).read_text())))
    ]


@pytest.mark.parametrize("name", ["Network", "Machine", "Change", "PlannedAction", "MemberState"])
def test_one_class_has_the_name(name: str) -> None:
    assert len(defined(name)) <= 1


@pytest.mark.parametrize("name", sorted(REPLACED))
def test_a_name_that_was_replaced_does_not_come_back(name: str) -> None:
    assert defined(name) == []


def test_a_class_is_found() -> None:
    assert list(classes(ast.parse("class Seat:\n    pass\nFate = int\n"))) == ["Seat", "Fate"]
    assert defined("PlannedAction") == ["review/plan/action.py"]
