"""A plan as typed objects: one reader, and one place where types of resources are named."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from hacienda.provider import composition
from hacienda.review.plan import reader

PACKAGE = Path(__file__).parents[3] / "hacienda"
PLANS = Path(__file__).parent / "plans"
NAMED_IN = PACKAGE / "declare/resource_types.py"


def literals(tree: ast.AST) -> Iterator[str]:
    """Texts of a module, without its docstrings."""
    said = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def naming(path: Path, words: Collection[str]) -> set[str]:
    """Which of some words the texts of a module hold."""
    module = path.read_text()
    if not any(word in module for word in words):
        return set()  # nothing to parse for
    return {word for text in literals(ast.parse(module)) for word in words if word in text}


@pytest.fixture(scope="module")
def types() -> Collection[str]:
    """The provider's types of resources."""
    return frozenset(composition.provider().described()["resources"])


def test_types_of_resources_are_named_in_one_module(types: Collection[str]) -> None:
    found = {path for path in PACKAGE.rglob("*.py") if naming(path, types)}
    assert found == {NAMED_IN}


def test_all_of_the_provider_s_types_are_named_there(types: Collection[str]) -> None:
    assert naming(NAMED_IN, types) == types


def test_a_text_that_names_one_is_found_and_a_docstring_is_not(tmp_path: Path, types: Collection[str]) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""About hacienda_member."""\nX = f"{1} hacienda_gate"\n')
    assert naming(module, types) == {"hacienda_gate"}


def test_plans_are_parsed_in_one_module() -> None:
    """`terraform show -json` has `resource_changes`; what reads another key of its document needs this one as well."""
    keys = {"resource_changes", "prior_state", "planned_values"}
    found = {path.name for path in PACKAGE.rglob("*.py") if naming(path, keys)}
    assert found == {"reader.py", "shape.py"}


def test_machines_that_are_outdated_are_found_in_the_plan() -> None:
    document = json.loads((PLANS / "no-op.json").read_text())
    for entry in document["resource_changes"]:
        if entry["address"] in ("hacienda_incus_instance.ctl-2", "hacienda_incus_instance.cmp-1"):
            entry["change"]["after"]["outdated"] = ["image"]
    assert set(reader.read(json.dumps(document), "region").outdated) == {"ctl-2", "cmp-1"}


def test_what_is_only_read_or_stays_is_no_change() -> None:
    plan = reader.read((PLANS / "no-op.json").read_text())
    assert plan.resources and plan.changes == ()


def test_kinds_of_actions() -> None:
    text = (PLANS / "replace-two.json").read_text()
    kinds = {action.address: action.kind for action in reader.read(text).changes}
    assert kinds["hacienda_member.ctl-1"] == "replace"
    assert set(kinds.values()) <= {"create", "update", "replace", "delete"}
