"""The layer rule of docs/architecture.md, read from the imports themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hacienda"

LAYERS = (
    {"environment"},
    {"cloud"},
    {"services"},
    {"cloudinit"},
    {"constructs", "platforms"},
    {"stacks"},
)
"""From left to right; nothing imports to its right."""

LEAVES = {"declare", "quorum", "secrets", "remote", "errors"}
"""Everybody may import them; of ours they import leaves only."""

CDK = {"cdktn", "cdktf", "constructs", "jsii"}
CDK_ROOMS = {"constructs", "platforms", "stacks"}


def room(path: Path) -> str:
    """The part of the package a file belongs to: its top folder, or its own name."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Dotted names of all modules a file imports, wherever in it; `from hacienda import x` counts as hacienda.x."""
    for statement in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{path}: relative imports hide which room they reach"
            if statement.module == "hacienda":
                yield from (f"hacienda.{alias.name}" for alias in statement.names)
            elif statement.module is not None:
                yield statement.module


def ours(path: Path) -> set[str]:
    """Rooms of ours that a file imports, other than its own."""
    parts = (name.split(".") for name in imported(path))
    return {name[1] for name in parts if name[0] == "hacienda" and len(name) > 1} - {room(path)}


def sources() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


FILES = [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in sources()]


@pytest.mark.parametrize("path", FILES)
def test_nothing_imports_to_its_right(path: Path) -> None:
    for position, layer in enumerate(LAYERS):
        if room(path) in layer:
            right = set().union(*LAYERS[position + 1 :])
            assert not ours(path) & right


@pytest.mark.parametrize("path", FILES)
def test_layers_know_no_readers_and_no_composition_root(path: Path) -> None:
    layers = set().union(*LAYERS)
    if room(path) in layers:
        known = layers | LEAVES | ({"cdk", "provider"} if room(path) in CDK_ROOMS else set())
        assert ours(path) <= known


@pytest.mark.parametrize("path", FILES)
def test_leaves_and_the_provider_import_leaves_only(path: Path) -> None:
    if room(path) in LEAVES | {"provider", "cdk"}:
        assert ours(path) <= LEAVES


@pytest.mark.parametrize("path", FILES)
def test_the_cdk_is_imported_in_one_module(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imported(path)} & CDK
    assert not libraries or path == PACKAGE / "cdk.py"


@pytest.mark.parametrize("path", FILES)
def test_our_cdk_module_is_imported_by_its_rooms_alone(path: Path) -> None:
    assert "cdk" not in ours(path) or room(path) in CDK_ROOMS


@pytest.mark.parametrize("path", FILES)
def test_the_vocabulary_imports_nothing_of_ours(path: Path) -> None:
    if room(path) == "declare":
        assert not ours(path)
