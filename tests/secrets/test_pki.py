"""Certificates that real TLS accepts."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from hacienda.secrets import Leaf, Needs, Store, mint, open_store, pki
from tests.secrets.conftest import NOW


@pytest.fixture
def minted(tmp_path: Path) -> Store:
    """A store minted now: TLS looks at the clock."""
    store = open_store(str(tmp_path / "minted"))
    leaves = tuple(
        Leaf(f"ctl-{n}", "etcd", (f"ctl-{n}.lab.example", "internal.lab.example"), (f"10.77.0.1{n}", "10.77.0.10"))
        for n in (1, 2)
    )
    mint(store, Needs("lab", (), leaves))
    return store


def context(store: Store, node: str, folder: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    """A TLS context of a node that demands a certificate of its peer."""
    folder.mkdir(exist_ok=True)
    for name in ("ca.pem", "bundle.pem"):
        (folder / name).write_bytes(store.get(f"x509/etcd/{name}", node))
    made = ssl.create_default_context(purpose, cafile=str(folder / "ca.pem"))
    made.load_cert_chain(folder / "bundle.pem")
    made.verify_mode = ssl.CERT_REQUIRED
    return made


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> None:
    """A whole TLS handshake in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass
        if not ends:
            return
    raise AssertionError("the handshake never ended")


@pytest.mark.parametrize("name", ["ctl-2.lab.example", "internal.lab.example", "10.77.0.12", "10.77.0.10"])
def test_nodes_trust_each_other_by_every_name(minted: Store, tmp_path: Path, name: str) -> None:
    client = context(minted, "ctl-1", tmp_path / "client", ssl.Purpose.SERVER_AUTH)
    server = context(minted, "ctl-2", tmp_path / "server", ssl.Purpose.CLIENT_AUTH)
    shake_hands(client, server, name)


def test_node_is_not_trusted_as_another(minted: Store, tmp_path: Path) -> None:
    client = context(minted, "ctl-1", tmp_path / "client", ssl.Purpose.SERVER_AUTH)
    server = context(minted, "ctl-2", tmp_path / "server", ssl.Purpose.CLIENT_AUTH)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server, "ctl-1.lab.example")


def test_strict_verification_accepts_a_leaf(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    ca = x509.load_pem_x509_certificate(store.get("x509/galera/ca.pem"))
    leaf = x509.load_pem_x509_certificate(store.get("x509/galera/cert.pem", "ctl-1"))
    builder = x509.verification.PolicyBuilder().store(x509.verification.Store([ca])).time(NOW)
    builder.build_server_verifier(x509.DNSName("ctl-1.lab.example")).verify(leaf, [])
    builder.build_client_verifier().verify(leaf, [])


def test_pieces_of_a_leaf_belong_together(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    certificate = store.get("x509/galera/cert.pem", "ctl-1")
    key = store.get("x509/galera/key.pem", "ctl-1")
    assert store.get("x509/galera/bundle.pem", "ctl-1") == certificate + key
    assert key.startswith(b"-----BEGIN PRIVATE KEY-----")
    public = x509.load_pem_x509_certificate(certificate).public_key()
    assert serialization.load_pem_private_key(key, None).public_key() == public
    assert store.get("x509/galera/ca.pem", "ctl-1") == store.get("x509/galera/ca.pem")


def test_nodes_have_keys_of_their_own(store: Store, needs: Needs) -> None:
    mint(store, needs, NOW)
    assert store.get("x509/galera/key.pem", "ctl-1") != store.get("x509/galera/key.pem", "ctl-2")


def test_leaf_lives_as_long_as_asked_and_no_longer_than_its_authority() -> None:
    ca, leaf = pki.authority("lab", "etcd", NOW), Leaf("ctl-1", "etcd", ("a.example",))
    short = pki.issue(ca, leaf, timedelta(days=90), NOW)
    assert short.certificate.not_valid_after_utc == NOW + timedelta(days=90)
    long = pki.issue(ca, leaf, timedelta(days=9000), NOW)
    assert long.certificate.not_valid_after_utc == ca.certificate.not_valid_after_utc


def test_long_name_does_not_become_the_common_name() -> None:
    name = ".".join(["x" * 30] * 3)
    leaf = Leaf("ctl-1", "etcd", (name,))
    made = pki.issue(pki.authority("lab", "etcd", NOW), leaf, timedelta(days=1), NOW)
    assert pki.described(leaf, made.certificate) == leaf
    assert made.certificate.subject.rfc4514_string() == "CN=etcd"


def test_repr_of_a_pair_holds_no_key() -> None:
    ca = pki.authority("lab", "etcd", NOW)
    assert repr(ca) == "Pair(CN=Hacienda lab etcd CA)"
