"""Every name in a rule is missed when it is misspelt: the rule fails, or its own cases do. None drops a check without a word."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

from hacienda.assess import Subject, claims, rules
from hacienda.assess.rules.fence import NEEDS_FENCING
from hacienda.declare import Capability, Placement, Resource, Script, Service
from tests.assess.cases import CASES, wires, with_service
from tests.assess.samples import NOTHING, edit, subject

# Coverage is counted elsewhere.
pytestmark = pytest.mark.no_cover

CHECKED = {*get_args(Placement), *get_args(Capability), *get_args(claims.Kind), *get_args(Resource)}
"""Words of a type that lists them: mypy refuses a misspelt one, also where it is compared."""

STATE = "state: {backend: s3, options: {bucket: sound, region: eu-1, use_lockfile: true}}"
MORE = {
    "DOMAIN": (
        edit(
            "platform: existing",
            "platform: {type: existing, containers: true}",
            "domains: {rack:",
            "domains: {host: [a, b, c], rack:",
            "controller: {count: 3, spread: rack,",
            "controller: {count: 3, spread: host,",
        ),
    ),
    "LEAK": (edit(STATE, 'state: {backend: http, options: {address: "http://state.example.org"}}'),),
    "FENCE": tuple(
        with_service(Service("taker", "Takes over", ("controller",), Script("verify.sh"), packages=(package,)))
        for package in NEEDS_FENCING
    ),
    "PACE": tuple(with_service(wires(interval)) for interval in (0.05, 0.5, 2)),
    "REPL": (
        edit(
            "    disks: {osd: 30TiB}\n",
            "",
            *(p for n in "12" for p in (f"sto-{n}: {{", f"sto-{n}: {{disks: {{osd: 1TiB}}, ")),
        ),
    ),
    "ROUTE": (
        edit(
            "10.60.0.0/24, vip",
            "10.60.0.0/24, gateway: none, vip",
            add="time: {servers: [9.9.9.1, 9.9.9.2, 9.9.9.3, 9.9.9.4]}\n",
        ),
        edit("10.60.0.0/24, vip: 10.60.0.5, bond", "10.60.0.0/24, gateway: none, bond"),
    ),
}
"""More clouds, for names that a rule's two cases do not come by."""

WORDS = {"ACCEPT", "BUDGET", "TARGET", "TIMERS"}
"""Rules that ask for nothing by name; those that they ask have tests of their own."""


class _Misspell(ast.NodeTransformer):
    """Misspells the n-th name: a text that is passed, looked up or compared, and neither a message nor documentation."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.seen, self.word = wanted, -1, ""
        self._names = False

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in ("Observation", "Rule", "DeclarationError", "TypeError", "join", "split"):
            return node
        return self._inside(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return self._inside(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        return self._inside(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not self._names or not isinstance(node.value, str) or not node.value:
            return node
        self.seen += 1
        if self.seen != self.wanted:
            return node
        self.word = node.value
        return ast.copy_location(ast.Constant(f"{node.value}~"), node)

    def _inside(self, node: ast.AST) -> ast.AST:
        before, self._names = self._names, True
        found = self.generic_visit(node)
        self._names = before
        return found


def misspelt(name: str) -> Iterator[tuple[str, ModuleType]]:
    """The module of a rule with each of its names misspelt, one at a time."""
    original = importlib.import_module(f"hacienda.assess.rules.{name.lower()}")
    source = Path(str(original.__file__)).read_text()
    number = 0
    while True:
        transform = _Misspell(number)
        tree = ast.fix_missing_locations(transform.visit(ast.parse(source)))
        if transform.seen < number:
            return
        changed = ModuleType(original.__name__)
        exec(compile(tree, str(original.__file__), "exec"), changed.__dict__)  # noqa: S102
        yield transform.word, changed
        number += 1


def said(module: ModuleType, subjects: list[Subject]) -> list[Any]:
    """What a rule sees in each cloud, or how it fails."""
    try:
        return [sorted(map(str, module.rule.find(one))) for one in subjects]
    except Exception as error:  # noqa: BLE001 however it fails, it does not pass
        return [type(error)]


@pytest.mark.parametrize("name", sorted(set(rules()) - WORDS))
def test_a_misspelt_name_is_missed(name: str) -> None:
    changes = [NOTHING, CASES[name].broken, CASES[name].kept, *MORE.get(name, ())]
    subjects = [subject(change) for number, change in enumerate(changes)]
    whole = said(importlib.import_module(f"hacienda.assess.rules.{name.lower()}"), subjects)
    unnoticed = [word for word, module in misspelt(name) if word not in CHECKED and said(module, subjects) == whole]
    assert unnoticed == []
