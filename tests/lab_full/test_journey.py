"""The tenant's journey, and that a second apply has nothing to change after it."""

from __future__ import annotations

import json

import pytest

from tests.lab.cloud import Lab
from tests.lab.test_journey import listing

LEFT_OUT = {"SSH"}
"""Steps that lab-full cannot take: its guest has no SSH server."""


@pytest.mark.parametrize("time", ["first", pytest.param("second", marks=pytest.mark.long)])
def test_a_tenant_travels_through_every_role_and_leaves_nothing(healthy: Lab, time: str) -> None:
    before = listing(healthy)
    done = healthy.hacienda("verify", healthy.environment, "--json", check=False, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    for step in report["steps"]:
        healthy.note(f"{time} journey, {step['step']}", step["seconds"])
    assert {step["step"] for step in report["steps"] if step["state"] != "done"} == LEFT_OUT
    assert listing(healthy) == before
    healthy.apply_changes_nothing()
