"""The layer rule of docs/architecture.md, read from the imports themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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

LEAVES = {"declare", "quorum", "secrets", "remote", "errors", "printing"}
"""Every room may import them; of the package's rooms they import leaves only."""

TYPES_ALONE = {Path("declare/views.py"): {"cloud"}}
"""Modules that name types of other rooms for type checkers, and import nothing of those rooms at run time."""

CDK = {"cdktn", "cdktf", "constructs", "jsii"}
CDK_ROOMS = {"constructs", "platforms", "stacks"}


@dataclass(frozen=True)
class Module:
    """A file of the package, relative to it, and the dotted names of all modules that it imports, wherever in it."""

    path: Path
    imported: frozenset[str]

    @property
    def room(self) -> str:
        """The part of the package it belongs to: its top folder, or its own name."""
        return self.path.parts[0].removesuffix(".py")

    @property
    def rooms(self) -> set[str]:
        """Rooms of the package that it imports, other than its own."""
        parts = (name.split(".") for name in self.imported)
        return {name[1] for name in parts if name[0] == "hacienda" and len(name) > 1} - {self.room}


def read(path: Path, text: str) -> Module:
    return Module(path, frozenset(imports(path, ast.parse(text, str(path)))))


def imports(path: Path, tree: ast.AST) -> Iterator[str]:
    """Names of imported modules; `from hacienda import x` counts as hacienda.x."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{path}: relative imports hide which room they reach"
            if statement.module == "hacienda":
                yield from (f"hacienda.{alias.name}" for alias in statement.names)
            elif statement.module is not None:
                yield statement.module


def nothing_imports_to_its_right(module: Module) -> set[str]:
    for position, layer in enumerate(LAYERS):
        if module.room in layer:
            return module.rooms & set().union(*LAYERS[position + 1 :])
    return set()


def layers_know_no_readers_and_no_composition_root(module: Module) -> set[str]:
    layers = set().union(*LAYERS)
    more = {"cdk", "provider"} if module.room in CDK_ROOMS else set()
    return module.rooms - layers - LEAVES - more if module.room in layers else set()


def leaves_and_the_provider_import_leaves_only(module: Module) -> set[str]:
    rooms = module.rooms - LEAVES - TYPES_ALONE.get(module.path, set())
    return rooms if module.room in LEAVES | {"provider", "cdk"} else set()


def the_cdk_is_imported_in_one_module(module: Module) -> set[str]:
    libraries = {name.split(".")[0] for name in module.imported} & CDK
    return libraries if module.path != Path("cdk.py") else set()


def the_cdk_module_is_imported_by_its_rooms_alone(module: Module) -> set[str]:
    return module.rooms & {"cdk"} if module.room not in CDK_ROOMS else set()


def the_vocabulary_imports_no_other_room(module: Module) -> set[str]:
    return module.rooms - TYPES_ALONE.get(module.path, set()) if module.room == "declare" else set()


Rule = Callable[[Module], set[str]]
"""What a module imports against a rule."""

WRONG: dict[Rule, tuple[str, str]] = {
    nothing_imports_to_its_right: ("cloud/resolve.py", "def late():\n    from hacienda.stacks import synthesis"),
    layers_know_no_readers_and_no_composition_root: ("services/galera.py", "from hacienda import cli"),
    leaves_and_the_provider_import_leaves_only: ("provider/gate/watch.py", "import hacienda.cloud.model as model"),
    the_cdk_is_imported_in_one_module: ("stacks/backend.py", "import errno, jsii.errors"),
    the_cdk_module_is_imported_by_its_rooms_alone: ("cli/synth.py", "from hacienda import cdk"),
    the_vocabulary_imports_no_other_room: ("declare/service.py", "if True:\n    import hacienda.errors"),
}
"""Each rule, with a file and a text of it that break it."""

BY_NAME = pytest.mark.parametrize("rule", WRONG, ids=lambda rule: rule.__name__)


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    """Every file of the package but its first."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [
        read(path.relative_to(PACKAGE), path.read_text())
        for path in paths
        if path.parent != PACKAGE or path.stem != "__init__"
    ]


def broken(rule: Rule, modules: list[Module]) -> list[str]:
    return [f"{module.path}: {', '.join(sorted(found))}" for module in modules if (found := rule(module))]


@BY_NAME
def test_the_package_keeps_the_rule(rule: Rule, modules: list[Module]) -> None:
    assert broken(rule, modules) == []


@pytest.mark.parametrize("path", TYPES_ALONE, ids=str)
def test_types_alone_import_nothing(path: Path) -> None:
    name = ".".join(("hacienda", *path.with_suffix("").parts))
    program = f"import sys, {name}; print(*(one for one in sys.modules if one.startswith('hacienda.')))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert {one.split(".")[1] for one in found} == {path.parts[0]}


@BY_NAME
def test_a_file_that_breaks_the_rule_is_named(rule: Rule) -> None:
    path, text = WRONG[rule]
    module = read(Path(path), text)
    assert [line.partition(":")[0] for line in broken(rule, [module])] == [path]


def test_every_room_is_there_and_is_read(modules: list[Module]) -> None:
    named = set().union(*LAYERS) | LEAVES | CDK_ROOMS | {"provider", "cdk"}
    assert named <= {module.room for module in modules}
    assert len(modules) == len(list(PACKAGE.rglob("*.py"))) - 1


def test_relative_imports_are_refused() -> None:
    with pytest.raises(AssertionError, match="relative imports hide"):
        read(Path("cloud/resolve.py"), "from ..stacks import synthesis")
