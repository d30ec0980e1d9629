"""Authorities: one for each purpose, rotated together or alone; a store with a single one for all moves over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from hacienda.cloudinit.node import certificates
from hacienda.errors import InputError
from hacienda.secrets import (
    Leaf,
    Needs,
    Store,
    StoreSpec,
    authorities,
    finish,
    mint,
    open_store,
    pki,
    rotate,
    unfinished,
)
from tests.secrets.conftest import NOW

GALERA = Leaf("ctl-1", "galera", ("ctl-1.lab.example",), ("10.77.0.11",))
FRONT = Leaf("ctl-1", "haproxy", ("ctl-1.lab.example", "internal.lab.example"), ("10.77.0.11", "10.77.0.10"), "server")
CLIENT = Leaf("ctl-1", "galera/client", usage="client")
NEEDS = Needs("lab", (), (GALERA, FRONT, CLIENT))
FORMERLY = Leaf("ctl-1", "galera", ("ctl-1.lab.example", "internal.lab.example"), ("10.77.0.11", "10.77.0.10"))


def certificate(store: Store, leaf: Leaf) -> x509.Certificate:
    return x509.load_pem_x509_certificate(store.entry(leaf.entry) or b"")


def trusted(store: Store, purpose: str) -> list[str]:
    pem = store.get(f"x509/{purpose}/ca.pem")
    return [one.subject.rfc4514_string().removeprefix("CN=Hacienda ") for one in x509.load_pem_x509_certificates(pem)]


def signer(store: Store, leaf: Leaf) -> str:
    return certificate(store, leaf).issuer.rfc4514_string().removeprefix("CN=Hacienda ")


def end(store: Store) -> bool:
    """Every node has all of it."""
    return finish(store, unfinished(store), NOW)


@pytest.fixture
def single(store: Store) -> Store:
    return formerly(store)


def formerly(store: Store) -> Store:
    """A store as a former version made it: one CA, all leaves for all names and uses."""
    now = NOW - timedelta(days=10)
    key_of_all = pki._authority("Hacienda lab CA", now)
    leaf = pki.issue(key_of_all, FORMERLY, timedelta(days=365), now).pem()
    with store.changing():
        kinds = {authorities.SINGLE: "authority", GALERA.entry: "leaf", FRONT.entry: "leaf"}
        store.save({authorities.SINGLE: key_of_all.pem(), GALERA.entry: leaf, FRONT.entry: leaf}, kinds, now)
    return store


def test_each_purpose_has_its_own(store: Store) -> None:
    mint(store, NEEDS, NOW)
    assert (signer(store, GALERA), signer(store, CLIENT)) == ("lab galera CA", "lab galera CA")
    assert signer(store, FRONT) == "lab haproxy CA"
    assert trusted(store, "galera") == ["lab galera CA"]
    assert store.get("x509/galera/client/ca.pem", "ctl-1") == store.get("x509/galera/ca.pem")


def test_all_are_rotated_together(store: Store) -> None:
    mint(store, NEEDS, NOW)
    assert rotate(store, kinds=["ca"], now=NOW).changed == (
        "x509/authority/galera/bundle.pem",
        "x509/authority/haproxy/bundle.pem",
    )
    steps = []
    for _ in range(9):
        mint(store, NEEDS, NOW)
        steps.append((trusted(store, "galera"), signer(store, GALERA), trusted(store, "haproxy"), signer(store, FRONT)))
        if not end(store):
            break
    galera, haproxy = (("lab galera CA", "lab galera CA 2"), ("lab haproxy CA", "lab haproxy CA 2"))
    assert steps == [
        ([*galera], galera[0], [*haproxy], haproxy[0]),
        ([*reversed(galera)], galera[1], [*reversed(haproxy)], haproxy[1]),
        ([galera[1]], galera[1], [haproxy[1]], haproxy[1]),
    ]
    assert unfinished(store) == {}


def test_one_is_rotated_alone(store: Store) -> None:
    mint(store, NEEDS, NOW)
    front = store.entry(FRONT.entry)
    rotate(store, ["x509/authority/galera/*"], now=NOW)
    while end(store):
        mint(store, NEEDS, NOW)
    assert (trusted(store, "galera"), trusted(store, "haproxy")) == (["lab galera CA 2"], ["lab haproxy CA"])
    assert store.entry(FRONT.entry) == front


def test_a_leaf_that_rotates_keeps_its_names_and_uses(store: Store) -> None:
    mint(store, NEEDS, NOW)
    rotate(store, kinds=["leaf"], now=NOW)
    for leaf in NEEDS.leaves:
        assert pki.described(leaf, certificate(store, leaf)) == leaf


def test_the_command_that_an_expired_authority_asks_for_exists(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status names it on the node, where none of this can be imported."""
    mint(store, NEEDS, NOW)
    monkeypatch.setattr(certificates, "_validity", lambda path: (0.0, 1.0))
    fixes = [certificates.faults({path: "galera"}, "lab", 2.0)[0].fix for path in existing("ca.pem", "cert.pem")]
    for fix in fixes:
        kind = fix.partition("--kind ")[2].partition(",")[0]
        assert rotate(store, kinds=[kind], now=NOW).changed


def existing(*names: str) -> list[Path]:
    class There(type(Path())):  # type: ignore[misc]
        def exists(self, **_: object) -> bool:
            return True

    return [There(name) for name in names]


class TestSingleAuthority:
    """A running cloud whose certificates are all of one authority moves to one for each purpose, as in a rotation."""

    def test_what_nodes_have_stays_good_until_every_node_has_more(self, single: Store) -> None:
        steps = []
        for _ in range(9):
            mint(single, NEEDS, NOW)
            both = pki.described(GALERA, certificate(single, GALERA))
            steps.append(
                (
                    trusted(single, "galera"),
                    signer(single, GALERA),
                    both == GALERA,
                    set(FORMERLY.names) <= set(both.names),
                )
            )
            if not end(single):
                break
        old, new = "lab CA", "lab galera CA"
        assert steps == [
            ([old, new], old, False, True),
            ([new, old], new, False, True),
            ([new], new, True, False),
        ]
        assert trusted(single, "haproxy") == ["lab haproxy CA"]
        assert authorities.SINGLE not in single.names()
        assert not [name for name in single.names() if authorities.is_step(name)]
        assert unfinished(single) == {}

    def test_the_same_is_minted_twice_without_a_change(self, single: Store) -> None:
        mint(single, NEEDS, NOW)
        second = mint(single, NEEDS, NOW)
        assert second.created == second.renewed == ()

    def test_a_rotation_of_the_single_one_is_ended_first(self, single: Store) -> None:
        with single.changing():
            single.save(
                {"x509/authority/next.pem": single.entry(authorities.SINGLE)},
                {"x509/authority/next.pem": "authority"},
                NOW,
            )
        before = {name: single.entry(name) for name in single.names()}
        with pytest.raises(InputError, match="did not finish"):
            mint(single, NEEDS, NOW)
        assert {name: single.entry(name) for name in single.names()} == before

    @pytest.mark.parametrize("writes", range(6))
    def test_an_interruption_anywhere_is_mended_by_the_next_run(
        self, writes: int, folder_spec: StoreSpec, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of a folder: an age file is written at once."""
        interrupt(formerly(open_store(folder_spec)), writes, monkeypatch)
        again = open_store(folder_spec)
        mint(again, NEEDS, NOW)
        assert trusted(again, "galera") == ["lab CA", "lab galera CA"]
        assert trusted(again, "haproxy") == ["lab CA", "lab haproxy CA"]
        assert set(unfinished(again)) == {authorities.present("galera"), authorities.present("haproxy")}
        assert authorities.SINGLE not in again.names()


def interrupt(store: Store, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """End minting after so many entries, as a kill would."""
    backend, left = store._backend, writes
    whole = backend.write

    def write(entries: Mapping[str, bytes | None]) -> None:
        nonlocal left
        for name, content in entries.items():
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            whole({name: content})

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(backend, "write", write)
        mint(store, NEEDS, NOW)
