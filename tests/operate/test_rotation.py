"""The end of a rotation: when every node has the new values and uses them, and not before."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hacienda import cloud, cloudinit, environment, secrets, services
from hacienda.errors import UnwellError
from hacienda.operate import rotation
from hacienda.remote.transport import Completed, UnreachableError

ROOT = Path(__file__).parents[2]
NODES = ("ctl-1", "ctl-2", "ctl-3")
FRESH = {"database/keystone": "12ab.1"}
STATUS: Mapping[str, Any] = {"bundle_hash": "abc", "converged": True, "secrets": FRESH, "pending": {}, "files": {}}


class Machine:
    """A node that answers from memory, and notes what it was asked to do.

    Args:
        status: what it tells; None: it does not answer.
    """

    def __init__(self, node: str, status: Mapping[str, Any] | None, done: list[str]) -> None:
        self.node = node
        self._status = status
        self._done = done

    def run(self, script: str, data: bytes = b"", timeout: float = 60.0) -> Completed:
        if self._status is None:
            raise UnreachableError(f"{self.node} does not answer")
        if "hacienda-retire" in script:
            self._done.append(f"{self.node} {script.split()[-1]}")
            return Completed(0, b"", "")
        return Completed(0, json.dumps(self._status).encode(), "")

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def lab() -> cloud.Cloud:
    return cloud.read(environment.find("lab", ROOT), services.registry())


@pytest.fixture
def store(lab: cloud.Cloud, tmp_path: Path) -> secrets.Store:
    """A store with rotations under way."""
    made = secrets.open_store(str(tmp_path / "secrets"))
    secrets.mint(made, cloudinit.needs(lab))
    secrets.rotate(made, ["database/keystone"])
    return made


def machines(done: list[str], **told: Mapping[str, Any] | None) -> Callable[[cloud.Node], Machine]:
    named = {name.replace("_", "-"): status for name, status in told.items()}
    return lambda node: Machine(node.name, named.get(node.name, STATUS), done)


def finish(lab: cloud.Cloud, store: secrets.Store, connect: Callable[[cloud.Node], Machine]) -> bool:
    return rotation.finish(lab, store, secrets.unfinished(store), dict.fromkeys(NODES, FRESH), connect)


def test_owners_refuse_the_former_value_and_the_store_forgets_the_rotation(
    lab: cloud.Cloud, store: secrets.Store
) -> None:
    done: list[str] = []
    assert finish(lab, store, machines(done)) is False
    assert {line.split()[1] for line in done} == {"galera", "keystone"}
    assert {line.split()[0] for line in done} == set(NODES)
    assert secrets.unfinished(store) == {}


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, "ctl-2: ctl-2 does not answer"),
        ({**STATUS, "secrets": {"database/keystone": "12ab.0"}}, "ctl-2: does not have database/keystone"),
        ({**STATUS, "pending": {"keystone": "reload"}}, "ctl-2: not converged: keystone"),
        ({**STATUS, "converged": False, "error": "no space left"}, "ctl-2: not converged: no space left"),
        ({"bundle_hash": None}, "ctl-2: nothing is installed"),
    ],
)
def test_one_node_that_may_use_it_keeps_the_former_value_accepted(
    lab: cloud.Cloud, store: secrets.Store, told: Mapping[str, Any] | None, why: str
) -> None:
    done: list[str] = []
    with pytest.raises(UnwellError) as caught:
        finish(lab, store, machines(done, ctl_2=told))
    assert why in (caught.value.fix or "")
    assert done == []
    assert set(secrets.unfinished(store)) == {"database/keystone"}


def test_a_node_whose_digests_are_not_known_may_use_it(lab: cloud.Cloud, store: secrets.Store) -> None:
    known = {"ctl-1": FRESH, "ctl-3": FRESH}
    with pytest.raises(UnwellError) as caught:
        rotation.finish(lab, store, secrets.unfinished(store), known, machines([]))
    assert (caught.value.fix or "").startswith("ctl-2: its declared secrets are not known")
    assert set(secrets.unfinished(store)) == {"database/keystone"}


def test_the_authority_asks_for_another_apply(lab: cloud.Cloud, store: secrets.Store) -> None:
    secrets.rotate(store, kinds=["authority"])
    assert [finish(lab, store, machines([])) for _ in range(3)] == [True, True, False]
