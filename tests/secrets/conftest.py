"""Stores to test with: every back end behaves the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyrage import x25519

from hacienda.declare import Secret
from hacienda.secrets import Leaf, Needs, Store, StoreSpec, open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def recipient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A public age key whose identity is at hand."""
    identity = x25519.Identity.generate()
    path = tmp_path / "identity.txt"
    path.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    monkeypatch.setenv("HACIENDA_AGE_IDENTITY", str(path))
    return str(identity.to_public())


@pytest.fixture
def folder_spec(tmp_path: Path) -> StoreSpec:
    return StoreSpec("file", tmp_path / "secrets")


@pytest.fixture
def age_spec(tmp_path: Path, recipient: str) -> StoreSpec:
    return StoreSpec("age", tmp_path / "environments" / "lab.age", (recipient,))


@pytest.fixture(params=["file", "age"])
def store(request: pytest.FixtureRequest) -> Store:
    spec: StoreSpec = request.getfixturevalue("folder_spec" if request.param == "file" else "age_spec")
    return open_store(spec)


@pytest.fixture
def needs() -> Needs:
    return Needs(
        environment="lab",
        secrets=(
            Secret("database/keystone"),
            Secret("rabbitmq/cookie", "erlang-cookie"),
            Secret("keystone/fernet", "fernet-keys"),
            Secret("ceph/admin", "ceph-key"),
            Secret("ceph/fsid", "uuid"),
        ),
        leaves=tuple(
            Leaf(f"ctl-{n}", "galera", (f"ctl-{n}.lab.example", "internal.lab.example"), (f"10.77.0.1{n}",))
            for n in (1, 2)
        ),
        certificate_days=90,
    )
