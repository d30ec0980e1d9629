"""Rotation makes new values of what is named, and of nothing else."""

from __future__ import annotations

import dataclasses
import json

import pytest
from cryptography import x509

from hacienda.declare import Secret
from hacienda.errors import InputError
from hacienda.secrets import Needs, Store, digest, finish, inventory, mint, rotate, unfinished
from hacienda.secrets.rotate import ROTATABLE
from hacienda.secrets.store import comparable
from tests.secrets.conftest import NOW


def changed(store: Store, before: dict[str, bytes | None]) -> set[str]:
    return {name for name in store.names() if store.entry(name) != before[name]}


def snapshot(store: Store) -> dict[str, bytes | None]:
    return {name: store.entry(name) for name in store.names()}


def end(store: Store) -> bool:
    """Every node has all of it."""
    return finish(store, unfinished(store), NOW)


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
    assert set(rotate(store, names, kinds, now=NOW).changed) == expected
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
    end(store)
    rotate(store, ["keystone/fernet"], now=NOW)
    third = json.loads(store.get("keystone/fernet"))
    assert sorted(third) == ["0", "2", "3"], "the oldest is dropped beyond Keystone's default of three"
    assert third["3"] == second["0"]


def test_fernet_keeps_as_many_keys_as_asked(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    for _ in range(6):
        rotate(store, ["keystone/fernet"], keys={"keystone/fernet": 5}, now=NOW)
        end(store)
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
        rotate(store, ["database/keystoen", "ssh/id_ed25519", "database/keystone"], ["ssh-key"], now=NOW)
    assert [problem.where for problem in caught.value.problems] == [
        "ssh-key",
        "database/keystoen",
        "ssh/id_ed25519",
    ]
    assert "database/keystone" in caught.value.problems[1].fix
    assert not changed(store, before)


def test_every_kind_that_nodes_are_given_rotates(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    kinds = {entry.kind for entry in inventory(store)}
    # Machines learn the deployer's key in their first boot, and a cluster keeps its id.
    assert kinds - {"ssh-key", "uuid"} == set(ROTATABLE)


def test_a_rotation_waits_for_the_end_of_the_one_before(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    kinds = ["token", "fernet-keys", "authority"]
    assert rotate(store, kinds=kinds, now=NOW).waiting == ()
    once = snapshot(store)
    again = rotate(store, kinds=kinds, now=NOW)
    assert again.changed == ()
    assert set(again.waiting) == {"database/keystone", "keystone/fernet", "x509/authority/galera/bundle.pem"}
    assert not changed(store, once)
    assert {entry.name for entry in inventory(store) if entry.rotating} == set(again.waiting)


def test_what_was_rotated_again_meanwhile_is_not_at_its_end(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    rotate(store, ["database/keystone"], now=NOW)
    before = unfinished(store)
    finish(store, before, NOW)
    rotate(store, ["database/keystone"], now=NOW)
    assert finish(store, before, NOW) is False
    assert set(unfinished(store)) == {"database/keystone"}


def common_names(pem: bytes) -> list[str]:
    return [str(one.subject.rfc4514_string()) for one in x509.load_pem_x509_certificates(pem)]


def signers(store: Store, needs: Needs) -> set[str]:
    """Who signed the leaves."""
    leaves = (x509.load_pem_x509_certificate(store.entry(leaf.entry) or b"") for leaf in needs.leaves)
    return {leaf.issuer.rfc4514_string() for leaf in leaves}


def test_the_authority_is_trusted_before_it_signs_and_until_it_signed_nothing_in_use(
    store: Store, needs: Needs
) -> None:
    mint(store, needs, NOW)
    one, two = "CN=Hacienda lab galera CA", "CN=Hacienda lab galera CA 2"
    steps = []
    rotate(store, kinds=["authority"], now=NOW)
    for _ in range(9):
        mint(store, needs, NOW)
        steps.append((common_names(store.get("x509/galera/ca.pem", "ctl-1")), signers(store, needs)))
        if not end(store):
            break
    assert steps == [([one, two], {one}), ([two, one], {two}), ([two], {two})]
    assert unfinished(store) == {}
    assert [name for name in store.names() if "authority" in name] == ["x509/authority/galera/bundle.pem"]
    rotate(store, kinds=["authority"], now=NOW)
    assert common_names(store.get("x509/galera/ca.pem"))[1] == "CN=Hacienda lab galera CA 3"


def test_digests_under_another_key_are_no_change_of_a_secret(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    first = digest(store, "database/keystone")
    rotate(store, ["database/keystone"], now=NOW)
    second = digest(store, "database/keystone")
    assert comparable(first, second)
    rotate(store, kinds=["digest-key"], now=NOW)
    assert not comparable(second, digest(store, "database/keystone"))


def test_another_password_is_another_message_queue_user(store: Store, needs: Needs) -> None:
    wanted = dataclasses.replace(needs, secrets=(*needs.secrets, Secret("messaging/nova")))
    mint(store, wanted, NOW)
    first = store.get("messaging/nova.user")
    assert first.startswith(b"nova-")
    assert store.get("messaging/nova.user") == first
    rotate(store, ["messaging/nova"], now=NOW)
    assert store.get("messaging/nova.user") != first
