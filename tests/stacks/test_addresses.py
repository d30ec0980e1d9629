"""Terraform addresses are a public contract: a line that changes here replaces a machine somewhere."""

from __future__ import annotations

from pathlib import Path

from tests.stacks.conftest import Made

GOLDEN = Path(__file__).parent / "golden"


def addresses(made: Made) -> str:
    """Every address, stack by stack."""
    lines = []
    for stack in made.synthesis.stacks:
        resources = made.block(stack.name).get("resource", {})
        lines += [f"{stack.name} {kind}.{name}\n" for kind in sorted(resources) for name in resources[kind]]
    return "".join(lines)


def test_the_lab_keeps_its_addresses(lab: Made) -> None:
    assert addresses(lab) == (GOLDEN / "lab.txt").read_text()


def test_all_environments_keep_their_addresses(everything: Made) -> None:
    assert addresses(everything) == (GOLDEN / "everything.txt").read_text()
