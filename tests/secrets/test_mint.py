"""Minting creates what lacks and leaves alone what is there."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hacienda.declare import Secret
from hacienda.secrets import Leaf, Needs, Store, StoreSpec, mint, open_store
from tests.secrets.conftest import NOW


def test_creates_everything_once(store: Store, needs: Needs) -> None:
    first = mint(store, needs, NOW)
    assert set(first.created) == {
        "ceph/admin",
        "ceph/fsid",
        "database/keystone",
        "digest/key",
        "keystone/fernet",
        "nodes/ctl-1/x509/galera/bundle.pem",
        "nodes/ctl-2/x509/galera/bundle.pem",
        "rabbitmq/cookie",
        "ssh/id_ed25519",
        "x509/authority/galera/bundle.pem",
    }
    before = {name: store.entry(name) for name in store.names()}
    second = mint(open_store(store.spec), needs, NOW)
    assert second.created == second.renewed == ()
    assert {name: store.entry(name) for name in open_store(store.spec).names()} == before


def test_unchanged_store_is_not_rewritten(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)

    def stamps() -> dict[Path, int]:
        root = store.spec.path
        files = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else [root]
        return {path: path.stat().st_mtime_ns for path in files}

    before = stamps()
    mint(open_store(store.spec), needs, NOW + timedelta(days=1))
    assert stamps() == before


def test_new_node_gets_its_own_and_changes_nothing_else(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    before = {name: store.entry(name) for name in store.names()}
    grown = replace(needs, leaves=(*needs.leaves, Leaf("ctl-3", "galera", ("ctl-3.lab.example",))))
    assert mint(store, grown, NOW).created == ("nodes/ctl-3/x509/galera/bundle.pem",)
    assert {name: store.entry(name) for name in before} == before


def test_token_is_safe_unescaped(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    assert re.fullmatch(rb"[A-Za-z0-9]{48}", store.get("database/keystone"))


def test_erlang_cookie_is_never_one_that_debian_replaces(tmp_path: Path) -> None:
    many = tuple(Secret(f"rabbitmq/cookie{n}", "erlang-cookie") for n in range(50))
    store = open_store(str(tmp_path / "s"))
    mint(store, Needs("lab", many), NOW)
    assert not any(re.fullmatch(rb"[A-Z]{20}", store.get(secret.name)) for secret in many)


def test_fernet_repository_starts_with_staged_and_primary(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    keys = json.loads(store.get("keystone/fernet"))
    assert list(keys) == ["0", "1"]
    assert {len(base64.urlsafe_b64decode(key)) for key in keys.values()} == {32}


@pytest.mark.parametrize(("day", "renewed"), [(59, 0), (61, 2)])
def test_leaf_is_renewed_in_the_last_third_of_its_life(store: Store, needs: Needs, day: int, renewed: int) -> None:
    mint(store, needs, NOW)
    assert len(mint(store, needs, NOW + timedelta(days=day)).renewed) == renewed


def test_leaf_is_renewed_when_its_names_change(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    first, second = needs.leaves
    changed = replace(needs, leaves=(replace(first, addresses=("10.77.0.21",)), second))
    assert mint(store, changed, NOW).renewed == (first.entry,)


def test_leaf_that_ends_with_its_authority_is_not_made_again_and_again(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    late = NOW + timedelta(days=3640)
    mint(store, needs, late)
    assert mint(store, needs, late + timedelta(days=8)).renewed == ()


def test_lost_authority_is_made_anew_with_every_leaf(folder_spec: StoreSpec, needs: Needs) -> None:
    mint(open_store(folder_spec), needs, NOW)
    (folder_spec.path / "x509/authority/galera/bundle.pem").unlink()
    found = mint(open_store(folder_spec), needs, NOW)
    assert found.created == ("x509/authority/galera/bundle.pem",)
    assert found.renewed == tuple(leaf.entry for leaf in needs.leaves)


def test_lost_index_is_written_again(folder_spec: StoreSpec, needs: Needs) -> None:
    store = open_store(folder_spec)
    mint(store, needs, NOW)
    complete = store.index()
    (folder_spec.path / ".index.json").unlink()
    healed = open_store(folder_spec)
    assert mint(healed, needs, NOW).created == ()
    assert healed.index() == complete


def test_two_processes_mint_the_same_store(tmp_path: Path) -> None:
    program = (
        "import sys; from hacienda.declare import Secret; from hacienda.secrets import *;"
        "n = Needs('lab', tuple(Secret(f'a/s{i}') for i in range(60)));"
        "s = open_store(sys.argv[1]); mint(s, n);"
        "print(''.join(digest(s, f'a/s{i}') for i in range(60)))"
    )
    place = str(tmp_path / "secrets")
    running = [
        subprocess.Popen([sys.executable, "-c", program, place], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = {process.communicate()[0] for process in running}
    assert len(outputs) == 1
    assert len(outputs.pop()) == 60 * 21 + 1
