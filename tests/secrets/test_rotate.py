"""Rotation makes new values of what is named, and of nothing else."""

from __future__ import annotations

import json

import pytest

from hacienda.errors import InputError
from hacienda.secrets import Needs, Store, mint, rotate
from tests.secrets.conftest import NOW


def changed(store: Store, before: dict[str, bytes | None]) -> set[str]:
    return {name for name in store.names() if store.entry(name) != before[name]}


def snapshot(store: Store) -> dict[str, bytes | None]:
    return {name: store.entry(name) for name in store.names()}


@pytest.mark.parametrize(
    ("names", "kinds", "expected"),
    [
        (["database/keystone"], [], {"database/keystone"}),
        (["nodes/ctl-1/*"], [], {"nodes/ctl-1/x509/galera/bundle.pem"}),
        ([], ["token", "fernet-keys"], {"database/keystone", "keystone/fernet"}),
        ([], ["leaf"], {"nodes/ctl-1/x509/galera/bundle.pem", "nodes/ctl-2/x509/galera/bundle.pem"}),
        (["rabbitmq/*"], ["token"], {"rabbitmq/cookie", "database/keystone"}),
        (["*/keystone*"], [], {"database/keystone"}),
    ],
)
def test_changes_what_is_named(
    store: Store, needs: Needs, names: list[str], kinds: list[str], expected: set[str]
) -> None:
    mint(store, needs, NOW)
    before = snapshot(store)
    assert set(rotate(store, names, kinds, now=NOW)) == expected
    assert changed(store, before) == expected


def test_fernet_keys_rotate_as_keystone_rotates(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    first = json.loads(store.get("keystone/fernet"))
    rotate(store, ["keystone/fernet"], now=NOW)
    second = json.loads(store.get("keystone/fernet"))
    assert sorted(second) == ["0", "1", "2"]
    assert second["2"] == first["0"], "the staged key becomes primary"
    assert second["1"] == first["1"], "the old primary still validates"
    assert second["0"] not in first.values()
    rotate(store, ["keystone/fernet"], now=NOW)
    third = json.loads(store.get("keystone/fernet"))
    assert sorted(third) == ["0", "2", "3"], "the oldest is dropped beyond Keystone's default of three"
    assert third["3"] == second["0"]


def test_fernet_keeps_as_many_keys_as_asked(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    for _ in range(6):
        rotate(store, ["keystone/fernet"], keys={"keystone/fernet": 5}, now=NOW)
    assert len(json.loads(store.get("keystone/fernet"))) == 5
    rotate(store, ["keystone/fernet"], keys={"keystone/fernet": 2}, now=NOW)
    assert len(json.loads(store.get("keystone/fernet"))) == 2


def test_rotated_leaf_is_not_renewed_again(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    rotate(store, kinds=["leaf"], now=NOW)
    assert mint(store, needs, NOW).renewed == ()


def test_all_problems_at_once(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    before = snapshot(store)
    with pytest.raises(InputError) as caught:
        rotate(store, ["database/keystoen", "x509/authority/bundle.pem", "database/keystone"], ["authority"], now=NOW)
    assert [problem.where for problem in caught.value.problems] == [
        "authority",
        "database/keystoen",
        "x509/authority/bundle.pem",
    ]
    assert "database/keystone" in caught.value.problems[1].fix
    assert not changed(store, before)
