"""The environment's certificate authorities and their leaves.

Everything is EC P-256 with SHA-256. MariaDB, Galera, Erlang, etcd (Go), HAProxy and uWSGI all accept it, and a thousand
keys take less than a second. Keys are PKCS#8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hacienda.declare import Usage
from hacienda.secrets.needs import Leaf

AUTHORITY_DAYS = 3650
"""Life of the CA: ten years. Replacing it is a planned change of every node."""

BACKDATED = timedelta(hours=1)
"""Certificates are valid from an hour before their creation, because a node's clock may be late until chrony has set
it."""

COMMON_NAME_LIMIT = 64
"""RFC 5280, ub-common-name."""

USAGES: Mapping[Usage, tuple[x509.ObjectIdentifier, ...]] = {
    "server": (ExtendedKeyUsageOID.SERVER_AUTH,),
    "client": (ExtendedKeyUsageOID.CLIENT_AUTH,),
    "peer": (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH),
}
"""The extended key usage of each use. Programs refuse a certificate that does not name theirs."""


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Pair({self.certificate.subject.rfc4514_string()})"

    @classmethod
    def parse(cls, bundle: bytes) -> Pair:
        """Read a certificate followed by its key.

        Raises:
            ValueError: not such a bundle.
        """
        key = serialization.load_pem_private_key(key_pem(bundle), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not an EC key")
        return cls(x509.load_pem_x509_certificate(bundle), key)

    def pem(self) -> bytes:
        """The certificate, then the key."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.certificate.public_bytes(serialization.Encoding.PEM) + private


_END = b"-----END CERTIFICATE-----\n"


def certificate_pem(bundle: bytes) -> bytes:
    """The certificate of a bundle."""
    return bundle[: bundle.index(_END) + len(_END)]


def key_pem(bundle: bytes) -> bytes:
    """The key of a bundle."""
    return bundle[bundle.index(_END) + len(_END) :]


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_agreement=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        encipher_only=False,
        decipher_only=False,
    )


def authority(environment: str, purpose: str, now: datetime) -> Pair:
    """A new CA that can sign leaves for one purpose, but no further CA."""
    ending = f" {purpose} CA"
    return _authority(f"Hacienda {environment}"[: COMMON_NAME_LIMIT - len(ending)] + ending, now)


def successor(ca: Pair, now: datetime) -> Pair:
    """A new CA that replaces another one. Its name has a new number, because programs build chains by name and nodes
    trust both CAs for a while."""
    (attribute,) = ca.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name, number = str(attribute.value), 2
    if numbered := _NUMBERED.fullmatch(name):
        name, number = numbered[1], int(numbered[2]) + 1
    ending = f" {number}"
    return _authority(name[: COMMON_NAME_LIMIT - len(ending)] + ending, now)


_NUMBERED = re.compile(r"(.*) (\d+)")


def _authority(common_name: str, now: datetime) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        _builder(name, name, key.public_key())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Pair(certificate, key)


def issue(ca: Pair, leaf: Leaf, life: timedelta, now: datetime) -> Pair:
    """A new leaf, never valid longer than its CA. The common name of a leaf without DNS names is its purpose."""
    key = ec.generate_private_key(ec.SECP256R1())
    fitting = (name for name in (*leaf.names, leaf.name) if len(name) <= COMMON_NAME_LIMIT)
    common = next(fitting, "leaf")
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in leaf.names]
    alternatives += [x509.IPAddress(ip_address(address)) for address in leaf.addresses]
    builder = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]), ca.certificate.subject, key.public_key())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(min(now + life, ca.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(USAGES[leaf.usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key()),
            critical=False,
        )
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return Pair(builder.sign(ca.key, hashes.SHA256()), key)


def described(leaf: Leaf, certificate: x509.Certificate) -> Leaf:
    """A leaf with the names, addresses (in their order) and usage of an existing certificate."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = tuple(found.get_values_for_type(x509.DNSName))
        addresses = tuple(str(address) for address in found.get_values_for_type(x509.IPAddress))
    except x509.ExtensionNotFound:
        names, addresses = (), ()
    usages = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    (usage,) = (usage for usage, known in USAGES.items() if set(known) == usages)
    return replace(leaf, names=names, addresses=addresses, usage=usage)


def both(leaf: Leaf, former: Leaf) -> Leaf:
    """A leaf that has both its new and its former names and uses, for the time in which nodes differ."""
    return replace(
        leaf,
        names=tuple(dict.fromkeys((*leaf.names, *former.names))),
        addresses=tuple(dict.fromkeys((*leaf.addresses, *former.addresses))),
        usage=leaf.usage if leaf.usage == former.usage else "peer",
    )


def life(certificate: x509.Certificate) -> timedelta:
    """The full validity period of a certificate."""
    return certificate.not_valid_after_utc - certificate.not_valid_before_utc - BACKDATED


def wants_renewal(bundle: bytes, leaf: Leaf, ca: Pair, now: datetime) -> bool:
    """Whether a leaf is in the last third of its life, has other names or uses than it should, or comes from another
    CA."""
    certificate = x509.load_pem_x509_certificate(bundle)
    if certificate.not_valid_after_utc - now < life(certificate) / 3:
        # A leaf that ends with its CA cannot get a later end.
        return certificate.not_valid_after_utc < ca.certificate.not_valid_after_utc
    wanted = replace(leaf, addresses=tuple(str(ip_address(address)) for address in leaf.addresses))
    if described(leaf, certificate) != wanted:
        return True
    try:
        certificate.verify_directly_issued_by(ca.certificate)
    except (InvalidSignature, ValueError):
        return True
    return False


def utc_now() -> datetime:
    """The time in whole seconds, the resolution of certificates."""
    return datetime.now(UTC).replace(microsecond=0)
