"""Terraform itself accepts every stack of every shipped environment: schema, expressions, plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hacienda import terraform
from hacienda.environment import shipped
from tests import lanes
from tests.stacks.conftest import ROOT, make


@pytest.mark.parametrize("name", lanes.first(sorted(shipped(ROOT)), "lab".__eq__))
def test_plan(name: str, tmp_path: Path) -> None:
    made = make(tmp_path, name, with_secrets=name == "lab")
    program = terraform.find()
    for stack in made.synthesis.of(name):
        folder = made.synthesis.folder(stack)
        program.run(["init", "-no-color"], folder)
        lines = program.run(["plan", "-json"], folder).output.splitlines()  # it validates first
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        changes = [entry["change"] for entry in entries if entry["type"] == "planned_change"]
        planned = {change["resource"]["addr"] for change in changes if change["action"] == "create"}
        declared = made.block(stack.name)["resource"]
        assert planned == {f"{kind}.{key}" for kind, named in declared.items() for key in named}
        assert not [entry for entry in entries if entry["@level"] in ("warn", "error")]


def test_an_unlocked_registry_is_never_asked(tmp_path: Path) -> None:
    """The lock is complete: init leaves it as synthesis wrote it."""
    made = make(tmp_path, "lab", with_secrets=False)
    for stack in made.synthesis.stacks:
        lock = made.synthesis.folder(stack) / ".terraform.lock.hcl"
        before = lock.read_bytes()
        terraform.find().run(["init", "-no-color", "-lockfile=readonly"], made.synthesis.folder(stack))
        assert lock.read_bytes() == before
