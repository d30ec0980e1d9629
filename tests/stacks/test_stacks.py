"""Stacks of an environment: which there are, what comes first, what they share."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.stacks.conftest import Made

EXPRESSION = re.compile(r"(?<!\$)\$\{([a-z_]+\.[a-z0-9-]+)\.[a-z_]+\}")


def test_order_and_needs(everything: Made) -> None:
    found = {stack.name: stack.needs for stack in everything.synthesis.of("production")}
    assert found == {
        "production-controller": (),
        "production-network-node": ("production-controller",),
        "production-storage": ("production-controller",),
        "production-compute": ("production-controller", "production-network-node", "production-storage"),
        "production-monitoring": ("production-controller",),
    }


def test_only_parts_with_content_are_stacks(lab: Made) -> None:
    assert [stack.name for stack in lab.synthesis.stacks] == ["lab-network", "lab-controller"]
    assert lab.synthesis.stacks[1].needs == ("lab-network",)


def test_the_cdk_knows_the_same_order(everything: Made) -> None:
    manifest = json.loads((everything.synthesis.out / "manifest.json").read_text())["stacks"]
    assert {name: tuple(stack["dependencies"]) for name, stack in manifest.items()} == {
        stack.name: stack.needs for stack in everything.synthesis.stacks
    }


def test_an_arbiter_is_planned_with_the_controllers(everything: Made) -> None:
    stack = next(s for s in everything.synthesis.stacks if s.name == "two-node-controller")
    assert stack.nodes == ("ctl-1", "ctl-2", "arb-1")


def test_stacks_refer_to_nothing_outside_themselves(everything: Made) -> None:
    for stack in everything.synthesis.stacks:
        block = everything.block(stack.name)
        own = {f"{kind}.{name}" for kind, named in block["resource"].items() for name in named}
        assert set(EXPRESSION.findall(json.dumps(block))) <= own
        assert "data" not in block


def test_every_stack_with_machines_ends_in_a_gate(everything: Made) -> None:
    for stack in everything.synthesis.stacks:
        if stack.nodes:
            resources = everything.block(stack.name)["resource"]
            (gate,) = resources["hacienda_gate"].values()
            assert gate["depends_on"] == [f"hacienda_member.{node}" for node in stack.nodes]


def test_state_is_outside_the_output_and_relative(lab: Made) -> None:
    for stack in lab.synthesis.stacks:
        ((kind, options),) = lab.block(stack.name)["terraform"]["backend"].items()
        assert kind == "local"
        path = (lab.synthesis.folder(stack) / options["path"]).resolve()
        assert not Path(options["path"]).is_absolute()
        assert path == lab.root / f".hacienda/lab/state/{stack.name}.tfstate"


def test_voters_know_their_fellows(everything: Made) -> None:
    members = everything.block("two-node-controller")["resource"]["hacienda_member"]
    assert set(members["ctl-1"]["peers"]) == {"ctl-2", "arb-1"}
    assert members["arb-1"]["voters"] == members["ctl-1"]["voters"] == {"etcd": 1, "galera": 1, "rabbitmq": 1}
    assert everything.block("two-node-compute")["resource"]["hacienda_member"]["cmp-1"]["peers"] == {}


@pytest.mark.parametrize("stack", ["lab-controller", "lab-network"])
def test_paths_exist_where_terraform_runs(lab: Made, stack: str) -> None:
    folder = lab.synthesis.out / "stacks" / stack
    for member in lab.block(stack)["resource"].get("hacienda_member", {}).values():
        assert (folder / member["bundle"]).is_file()
        assert (folder / member["secret_store"].removeprefix("file:")).is_dir()
