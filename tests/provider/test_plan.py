"""What a plan says of changed secrets, from the bundle's own manifest."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hacienda.provider.framework.context import Context
from hacienda.provider.framework.values import State
from hacienda.provider.member import plan
from tests.cloudinit import sample

KEY, OTHER = "12ab", "34cd"


@pytest.fixture
def member(tmp_path: Path) -> State:
    """The applied state of a node with a database that hands an account out."""
    output = sample.render()
    path = tmp_path / "bundle.tar.gz"
    path.write_bytes(output.bundle)
    return {
        "bundle": str(path),
        "bundle_hash": output.bundle_hash,
        "files": output.file_hashes,
        "secrets": {name: f"{KEY}.{number:016x}" for number, name in enumerate(output.secret_names)},
        "converged": True,
        "installed": "",
        "restarts": [],
    }


def restarts(before: State, **secrets: str) -> list[str]:
    planned = {**before, "secrets": {**before["secrets"], **secrets}}
    plan.update(Context(threading.Event()), before, planned)
    found: list[str] = planned["restarts"]
    return found


def test_a_changed_account_names_its_owner(member: State) -> None:
    assert restarts(member, **{"database/gamma": f"{KEY}.f"}) == ["reconcile beta: database/gamma"]
    both = {"database/gamma": f"{KEY}.f", "beta/owner": f"{KEY}.f", "beta/admin": f"{KEY}.f"}
    assert restarts(member, **both) == ["reconcile beta: beta/owner, database/gamma", "reload beta"]


def test_digests_under_another_key_ask_for_nothing(member: State) -> None:
    assert restarts(member, **{name: f"{OTHER}.{number}" for number, name in enumerate(member["secrets"])}) == []


@pytest.mark.parametrize("told", ["missing", "drifted:1234abcd"])
def test_a_secret_that_is_not_there_as_delivered_is_brought_back(member: State, told: str) -> None:
    before = {**member, "secrets": {**member["secrets"], "database/gamma": told}}
    assert restarts(before, **{"database/gamma": f"{KEY}.f"}) == ["reconcile beta: database/gamma"]
