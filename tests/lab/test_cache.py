"""The cache in the lab's image, with Debian's libraries and memcached: a rogue server runs nothing, a dead one costs little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hacienda import cloud, lab, services
from hacienda.review import validation
from hacienda.services import TEMPLATES
from tests import shipped

IMAGE = shipped.ROOT / "environments/lab.yaml"
PROBE = Path(__file__).with_name("cache_probe.py")
ROUNDS = 300


@pytest.fixture(scope="module", name="machine")
def _machine() -> Iterator[validation.Scratch]:
    lab.prepare("lab")
    packages = cloud.read(IMAGE, services.registry()).packages
    with validation.Scratch(lab.build(packages)) as scratch:
        for path in (PROBE, TEMPLATES / "keystone/sealed_cache.py", TEMPLATES / "openstack/bytes_only.py"):
            scratch.put(path, f"/root/{path.name}")
        scratch.run("ip", "link", "set", "lo", "up")  # nothing boots in there
        yield scratch


def ask(machine: validation.Scratch, kind: str, case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(machine.run("python3", "/root/cache_probe.py", kind, case).splitlines()[-1])
    print(f"\n{kind} {case}: {found}")
    return found


def test_a_rogue_server_runs_nothing_and_is_believed_nothing(machine: validation.Scratch) -> None:
    assert ask(machine, "plain", "rogue")["ran"], "the attack itself does not work any more"
    assert ask(machine, "sealed", "rogue") == {"ran": False, "believed": [], "own": True}


@pytest.mark.parametrize("case", ["killed", "stopped"])
def test_a_dead_server_costs_what_it_costs_the_pool_itself(machine: validation.Scratch, case: str) -> None:
    """One value at most is not found: that which met the dead server (docs/decisions/0003-memcached-plain.md)."""
    for kind in ("plain", "sealed"):
        found = ask(machine, kind, case)
        assert found["before"]["read"] == found["then"]["read"] == ROUNDS
        assert found["first"]["read"] >= ROUNDS - 1
