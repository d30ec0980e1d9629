"""Certificates of another authority: what is wrong with one is told at once, and its key is kept in the store alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hacienda import secrets
from hacienda.errors import InputError
from hacienda.secrets.provided import Provided

NOW = datetime(2026, 11, 28, tzinfo=UTC)
NAME = "cloud.example.org"


@dataclass(frozen=True)
class Signed:
    """A certificate, its key, and both as PEM."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, passphrase: bytes = b"") -> bytes:
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase)
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def signed(
    name: str,
    by: Signed | None = None,
    *,
    hosts: Sequence[str] = (),
    days: int = 90,
    since: int = -1,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
) -> Signed:
    """A certificate: an authority's unless it names hosts."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=since))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not hosts, path_length=None), critical=True)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    return Signed(builder.sign(by.key if by else key, hashes.SHA256()), key)


ROOT = signed("company root", days=3650)
MIDDLE = signed("company issuing", ROOT, days=1000)
LEAF = signed("cloud", MIDDLE, hosts=[NAME])


@pytest.fixture
def store(tmp_path: Path) -> secrets.Store:
    return secrets.open_store(secrets.StoreSpec("file", tmp_path / "store"))


def provided(
    folder: Path, chain: Sequence[Signed] = (LEAF, MIDDLE), key: bytes | None = None, authority: Signed | None = ROOT
) -> Provided:
    """The files of a certificate, as an operator has them."""
    (folder / "chain.pem").write_bytes(b"".join(one.pem for one in chain))
    (folder / "key.pem").touch(mode=0o600)
    (folder / "key.pem").write_bytes(key if key is not None else chain[0].key_pem())
    found = Provided("public", NAME, folder / "chain.pem", folder / "key.pem", None, "api.certificate", "x.yaml", 7)
    if authority is None:
        return found
    (folder / "ca.pem").write_bytes(authority.pem)
    return replace(found, authority=folder / "ca.pem")


def mint(store: secrets.Store, one: Provided, now: datetime = NOW) -> secrets.Minted:
    return secrets.mint(store, secrets.Needs("t", provided=(one,)), now)


def told(store: secrets.Store, one: Provided) -> list[str]:
    with pytest.raises(InputError) as raised:
        mint(store, one)
    assert raised.value.exit_code == 2
    assert {(problem.file, problem.line) for problem in raised.value.problems} == {("x.yaml", 7)}
    assert store.entry(one.bundle_entry) is None
    return [f"{problem.where}: {problem.reason}" for problem in raised.value.problems]


def test_a_good_one_is_kept_whole(store: secrets.Store, tmp_path: Path) -> None:
    assert {"x509/public/bundle.pem", "x509/public/ca.pem"} <= set(mint(store, provided(tmp_path)).created)
    bundle = store.get("x509/public/bundle.pem", node="ctl-1")
    assert bundle == LEAF.pem + MIDDLE.pem + LEAF.key_pem()
    assert store.get("x509/public/ca.pem", node="ctl-1") == ROOT.pem
    entries = {entry.name: entry for entry in secrets.inventory(store)}
    assert entries["x509/public/bundle.pem"].expires == NOW + timedelta(days=90)
    assert entries["x509/public/ca.pem"].expires == NOW + timedelta(days=3650)
    shown = secrets.reveal(store, entries["x509/public/bundle.pem"])
    assert shown["x509/public/key.pem"].encode() == LEAF.key_pem()


def test_its_key_may_go_once_the_store_has_it(store: secrets.Store, tmp_path: Path) -> None:
    one = provided(tmp_path)
    mint(store, one)
    (tmp_path / "key.pem").unlink()
    assert mint(store, one) == secrets.Minted((), ())
    renewed = signed("cloud", MIDDLE, hosts=[NAME])
    (tmp_path / "chain.pem").write_bytes(renewed.pem + MIDDLE.pem)
    with pytest.raises(InputError, match=r"api\.certificate\.key .*: cannot be read"):
        mint(store, one)
    assert mint(store, provided(tmp_path, (renewed, MIDDLE))).renewed == ("x509/public/bundle.pem",)


def test_without_files_the_store_has_to_have_it(store: secrets.Store, tmp_path: Path) -> None:
    bare = Provided("public", NAME, field="api.certificate", file="x.yaml", line=7)
    assert told(store, bare) == ["api.certificate: is not in the store of secrets"]
    mint(store, provided(tmp_path))
    assert mint(store, bare) == secrets.Minted((), ())
    with pytest.raises(InputError, match="not for other"):
        mint(store, replace(bare, hostname="other.example.org"))


def test_one_that_expired_in_the_store_stops_no_apply(store: secrets.Store, tmp_path: Path) -> None:
    one = provided(tmp_path)
    mint(store, one)
    assert mint(store, one, NOW + timedelta(days=91)).renewed == ()


@pytest.mark.parametrize("hosts", [["*.example.org"], ["a.example.org", NAME], ["CLOUD.example.org"]])
def test_its_names_may_be_a_star_or_one_of_several(store: secrets.Store, tmp_path: Path, hosts: list[str]) -> None:
    mint(store, provided(tmp_path, (signed("cloud", MIDDLE, hosts=hosts), MIDDLE)))


BAD = {
    "expired": (signed("a", MIDDLE, hosts=[NAME], days=0), "chain: expired on 2026-11-28"),
    "not yet": (signed("a", MIDDLE, hosts=[NAME], since=2), "chain: is not valid before 2026-11-30"),
    "another name": (
        signed("a", MIDDLE, hosts=["a.b.example.org", "*.org"]),
        "chain: is for a.b.example.org, *.org, not",
    ),
    "a client's": (signed("a", MIDDLE, hosts=[NAME], usage=ExtendedKeyUsageOID.CLIENT_AUTH), "is not for TLS servers"),
    "signed by another": (
        signed("a", ROOT, hosts=[NAME]),
        "chain: is out of order: CN=company issuing did not sign CN=a",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_with_it_is_told(name: str, store: secrets.Store, tmp_path: Path) -> None:
    leaf, said = BAD[name]
    [problem] = told(store, provided(tmp_path, (leaf, MIDDLE)))
    assert said in problem


def test_a_key_of_another_or_with_a_passphrase_is_told(store: secrets.Store, tmp_path: Path) -> None:
    assert told(store, provided(tmp_path, key=MIDDLE.key_pem())) == [
        "api.certificate.key: does not belong to the certificate"
    ]
    assert told(store, provided(tmp_path, key=LEAF.key_pem(b"word"))) == ["api.certificate.key: is encrypted"]
    assert told(store, provided(tmp_path, key=b"x")) == ["api.certificate.key: is not a private key in PEM"]
    one = provided(tmp_path)
    (tmp_path / "key.pem").chmod(0o644)
    assert told(store, one) == ["api.certificate.key: can be read by other users"]


def test_an_authority_that_did_not_sign_is_told(store: secrets.Store, tmp_path: Path) -> None:
    stranger = signed("stranger")
    assert told(store, provided(tmp_path, authority=stranger)) == [
        "api.certificate.authority: did not sign CN=company issuing, where the chain ends"
    ]
    assert told(store, provided(tmp_path, (LEAF,), authority=ROOT))[0].endswith(
        "did not sign CN=cloud, where the chain ends"
    )
    mint(store, provided(tmp_path, (LEAF, MIDDLE, ROOT), authority=ROOT))


def test_everything_wrong_is_told_at_once(store: secrets.Store, tmp_path: Path) -> None:
    leaf = signed("a", ROOT, hosts=["other.example.org"], days=0)
    assert len(told(store, provided(tmp_path, (leaf, MIDDLE), key=LEAF.key_pem(), authority=signed("stranger")))) == 5


def test_what_can_be_read_is_judged_beside_what_cannot(store: secrets.Store, tmp_path: Path) -> None:
    one = provided(tmp_path, (signed("a", MIDDLE, hosts=["other.example.org"]), MIDDLE))
    (tmp_path / "key.pem").unlink()
    assert [line.partition(" ")[0] for line in told(store, one)] == ["api.certificate.key:", "api.certificate.chain:"]
    judgement = secrets.judge(one, None, NOW)
    assert [problem.where for problem in judgement.missing] == ["api.certificate.key"]
    assert [problem.where for problem in judgement.wrong] == ["api.certificate.chain"]


@pytest.mark.parametrize("name", ["chain", "key", "ca"])
def test_an_empty_file_is_not_one_that_was_left_out(name: str, store: secrets.Store, tmp_path: Path) -> None:
    one = provided(tmp_path)
    (tmp_path / f"{name}.pem").write_text("\n")
    part = "authority" if name == "ca" else name
    assert told(store, one) == [f"api.certificate.{part}: is empty"]


def test_files_that_are_none_are_told(store: secrets.Store, tmp_path: Path) -> None:
    one = provided(tmp_path)
    (tmp_path / "chain.pem").write_text("x")
    assert told(store, one) == ["api.certificate.chain: holds no certificate in PEM"]
    for name in ("chain.pem", "key.pem", "ca.pem"):
        (tmp_path / name).unlink()
    assert [line.partition(":")[0] for line in told(store, one)] == [
        "api.certificate.chain",
        "api.certificate.key",
        "api.certificate.authority",
    ]
