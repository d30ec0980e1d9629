"""Certificates that another authority signed: read from the operator's files, judged, and kept in the store."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from hacienda.errors import InputError, Problem

CERTIFICATE = "provided-certificate"
"""Kind of an entry with a certificate, its intermediate authorities, and its key."""
TRUST = "provided-authority"
"""Kind of an entry with the certificates of an authority."""

_END = b"-----END CERTIFICATE-----\n"


@dataclass(frozen=True)
class Provided:
    """One certificate that another authority than the environment's CA signed.

    Args:
        name: nodes find it as `x509/<name>/bundle.pem`, and its authority as `x509/<name>/ca.pem`.
        hostname: the DNS name that it must carry.
        chain: PEM file with the certificate and its intermediate authorities; None: the store has it.
        key: PEM file with its private key; None: the store has it.
        authority: PEM file with the authority that clients trust; None: one that operating systems trust.
        field: its place in the environment file, for errors.
        file: the environment file.
        line: of the declaration; None: unknown.
    """

    name: str
    hostname: str
    chain: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    field: str = ""
    file: str = ""
    line: int | None = None

    @property
    def bundle_entry(self) -> str:
        """Name of the entry with certificates and key."""
        return f"x509/{self.name}/bundle.pem"

    @property
    def authority_entry(self) -> str:
        """Name of the entry with the authority that clients trust."""
        return f"x509/{self.name}/ca.pem"

    def problem(self, part: str, reason: str, fix: str = "") -> Problem:
        """A problem with one part, `chain`, `key` or `authority`; empty: with the whole."""
        where = ".".join(word for word in (self.field, part) if word)
        path = getattr(self, part) if part else None
        return Problem(where, reason, fix, self.file, self.line, str(path or ""))


def adopted(provided: Provided, stored: bytes | None, now: datetime) -> dict[str, bytes]:
    """The entries of a certificate, after its checks. The files take precedence; the key file may be missing if the
    store has the key. A certificate in the store that has expired is kept: the rule CERT reports it, and an apply stays
    possible.

    Args:
        provided: the declaration.
        stored: the bundle in the store, if there is one.
        now: current time.

    Raises:
        InputError: all problems of the certificate.
    """
    judgement = judge(provided, stored, now)
    if judgement.missing or judgement.wrong:
        raise InputError([*judgement.missing, *judgement.wrong])
    entries = {provided.bundle_entry: judgement.bundle}
    return entries | ({provided.authority_entry: judgement.authority} if judgement.authority else {})


@dataclass(frozen=True)
class Judgement:
    """A certificate as found, with its problems.

    Args:
        bundle: certificates and key.
        authority: certificates of the authority that clients trust; empty: one that operating systems trust.
        missing: problems of parts that cannot be read. Their contents are unknown.
        wrong: problems of the other parts.
    """

    bundle: bytes
    authority: bytes
    missing: tuple[Problem, ...]
    wrong: tuple[Problem, ...]


def judge(provided: Provided, stored: bytes | None, now: datetime) -> Judgement:
    """Check a certificate as far as its parts can be read. `adopted` explains the arguments."""
    missing: list[Problem] = []
    wrong: list[Problem] = []
    chain, key = (_ended(part) for part in _files(provided, stored, missing, wrong))
    authority = _ended(_read(provided, "authority", missing, wrong))
    if chain:
        wrong += _judged(provided, chain, key, authority, None if chain + key == stored else now)
    return Judgement(chain + key, authority, tuple(missing), tuple(wrong))


def split(bundle: bytes) -> tuple[bytes, bytes]:
    """Certificates and key of a bundle."""
    end = bundle.rindex(_END) + len(_END)
    return bundle[:end], bundle[end:]


def expiry(certificates: bytes) -> datetime:
    """The earliest end of these certificates: a chain is valid only as long as all of its parts."""
    return min(one.not_valid_after_utc for one in x509.load_pem_x509_certificates(certificates))


def _files(
    provided: Provided, stored: bytes | None, missing: list[Problem], wrong: list[Problem]
) -> tuple[bytes, bytes]:
    kept = split(stored) if stored else (b"", b"")
    if provided.chain is None:
        if not stored:
            fix = "Name its files, `chain:` and `key:`, or run: hacienda secrets certificate ENV CHAIN KEY"
            missing.append(provided.problem("", "is not in the store of secrets", fix))
        return kept
    chain = _read(provided, "chain", missing, wrong)
    if provided.key is not None and not provided.key.exists() and stored and _ended(chain) == kept[0]:
        return kept
    return chain, _read(provided, "key", missing, wrong)


def _read(provided: Provided, part: str, missing: list[Problem], wrong: list[Problem]) -> bytes:
    path: Path | None = getattr(provided, part)
    if path is None:
        return b""
    try:
        if part == "key" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            wrong.append(provided.problem(part, "can be read by other users", f"Run: chmod 600 {path}"))
        content = path.read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        missing.append(provided.problem(part, reason, "Paths are relative to the project's folder."))
        return b""
    if not content.strip():
        wrong.append(provided.problem(part, "is empty", "The file must begin with -----BEGIN."))
    return content


def _ended(pem: bytes) -> bytes:
    return pem.strip() + b"\n" if pem.strip() else b""


def _judged(provided: Provided, chain: bytes, key: bytes, authority: bytes, now: datetime | None) -> Iterator[Problem]:
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        yield provided.problem(
            "chain", "holds no certificate in PEM", "The file must begin with -----BEGIN CERTIFICATE-----."
        )
        return
    yield from _leaf(provided, certificates[0], key, now)
    yield from _above(provided, certificates, authority, now)


def _leaf(provided: Provided, leaf: x509.Certificate, key: bytes, now: datetime | None) -> Iterator[Problem]:
    end = leaf.not_valid_after_utc
    if now and end <= now:
        yield provided.problem("chain", f"expired on {end:%Y-%m-%d}", "Have its authority renew it.")
    if now and leaf.not_valid_before_utc > now:
        yield provided.problem("chain", f"is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    names = _names(leaf)
    if not any(_matches(name, provided.hostname) for name in names):
        fix = "Have it signed for that name (subject alternative name), or change `api.public_name`."
        listed = ", ".join(names) or "no name"
        yield provided.problem("chain", f"is for {listed}, not for {provided.hostname}", fix)
    if _is_authority(leaf):
        fix = "Put the certificate of the name first, then its intermediate authorities."
        yield provided.problem("chain", "begins with an authority's certificate", fix)
    if not _serves(leaf):
        yield provided.problem("chain", "is not for TLS servers (extended key usage)", "Have it signed for servers.")
    if not key:
        return
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except TypeError:
        fix = "Write it without a passphrase: the store of secrets protects it."
        yield provided.problem("key", "is encrypted", fix)
    except (ValueError, UnsupportedAlgorithm):
        yield provided.problem("key", "is not a private key in PEM")
    else:
        if _spki(private.public_key()) != _spki(leaf.public_key()):
            yield provided.problem(
                "key", "does not belong to the certificate", "Name the key that the certificate was requested with."
            )


def _spki(public: object) -> bytes:
    encoded: bytes = public.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _above(
    provided: Provided, chain: Sequence[x509.Certificate], authority: bytes, now: datetime | None
) -> Iterator[Problem]:
    """Check that each certificate is signed by the next one, and the last one by the authority that clients trust."""
    for lower, upper in pairwise(chain):
        if not _issued(lower, upper):
            reason = f"is out of order: {_subject(upper)} did not sign {_subject(lower)}"
            yield provided.problem(
                "chain", reason, "Put each certificate before the one of the authority that signed it."
            )
        if now and upper.not_valid_after_utc <= now:
            yield provided.problem("chain", f"has an expired authority: {_subject(upper)}")
    if not authority:
        return
    try:
        trusted = x509.load_pem_x509_certificates(authority)
    except ValueError:
        yield provided.problem("authority", "holds no certificate in PEM")
        return
    if not any(chain[-1] == one or _issued(chain[-1], one) for one in trusted):
        reason = f"did not sign {_subject(chain[-1])}, where the chain ends"
        yield provided.problem("authority", reason, "Add the intermediate authorities to the chain.")


def _issued(lower: x509.Certificate, upper: x509.Certificate) -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return _is_authority(upper)


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        return False


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return list(found.get_values_for_type(x509.DNSName))


def _matches(name: str, hostname: str) -> bool:
    """Whether a name matches. A star stands for exactly the first label (RFC 6125, 6.4.3)."""
    if name.lower() == hostname:
        return True
    return name.startswith("*.") and hostname.partition(".")[2] == name[2:].lower()


def _serves(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return bool({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage))


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string()
