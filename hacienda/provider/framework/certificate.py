"""The certificate that Terraform pins for one run of the provider."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_LIFE = datetime.timedelta(days=30)
"""Validity. It is longer than any apply, because Terraform keeps one connection for the whole run."""


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for `localhost`: key and certificate as PEM, and the certificate as DER."""

    key: bytes
    pem: bytes
    der: bytes


def issue() -> Certificate:
    """A new certificate. It uses P-256, because the TLS library inside grpcio refuses Go's default P-521."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none)
    return Certificate(private, certificate.public_bytes(pem), certificate.public_bytes(serialization.Encoding.DER))
