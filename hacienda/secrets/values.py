"""Creates the values of each kind of secret."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets as random
import string
import struct
import time
import uuid
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hacienda.declare import SecretKind

TOKEN_LENGTH = 48
"""Length of a token: 62^48 is 285 bits. Debian's rabbitmq-server replaces a cookie that matches ^[A-Z]{20}$, which is
shorter."""

_ALPHABET = string.ascii_letters + string.digits


def token() -> bytes:
    """48 characters A-Za-z0-9, which need no escaping in any configuration file, URL or shell."""
    return "".join(random.choice(_ALPHABET) for _ in range(TOKEN_LENGTH)).encode()


def ceph_key() -> bytes:
    """A key of cephx, as `ceph-authtool --gen-print-key` makes it: type 1 (AES), the time, the length, and 128 random bits."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return base64.b64encode(struct.pack("<HIIH", 1, seconds, nanoseconds, 16) + random.token_bytes(16))


def cluster_id() -> bytes:
    """A random UUID."""
    return str(uuid.uuid4()).encode()


def digest_key() -> bytes:
    """256 random bits, in hexadecimal."""
    return random.token_hex(32).encode()


def user_name(name: str, password: bytes) -> bytes:
    """The name of the user that has a password, where users have one only: another password, another user. Eight digits of a hash
    of 285 random bits tell nobody anything."""
    return f"{name}-{hashlib.sha256(password).hexdigest()[:8]}".encode()


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(random.token_bytes(32)).decode()


def fernet_keys() -> bytes:
    """A new repository as JSON: key 0 is staged, key 1 is primary."""
    return _packed({0: _fernet_key(), 1: _fernet_key()})


def rotated_fernet_keys(old: bytes, max_active: int) -> bytes:
    """The repository after one rotation, as Keystone rotates. The staged key becomes primary (the highest index), and a
    new key is staged as 0. The oldest secondaries are deleted until `max_active` keys are left."""
    keys = {int(index): key for index, key in json.loads(old).items()}
    keys[max(keys) + 1] = keys[0]
    keys[0] = _fernet_key()
    for index in sorted(keys)[1 : 1 + max(0, len(keys) - max(2, max_active))]:
        del keys[index]
    return _packed(keys)


def _packed(keys: Mapping[int, str]) -> bytes:
    return json.dumps({str(index): keys[index] for index in sorted(keys)}).encode()


def ssh_key() -> bytes:
    """A new ed25519 private key in OpenSSH's own format. It has no passphrase, because the store protects it."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )


def ssh_public_key(private: bytes, comment: str) -> bytes:
    """The `authorized_keys` line of an OpenSSH private key."""
    public = serialization.load_ssh_private_key(private, password=None).public_key()
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return line + b" " + comment.encode() + b"\n"


MAKERS: Mapping[SecretKind, Callable[[], bytes]] = {
    "token": token,
    "erlang-cookie": token,
    "fernet-keys": fernet_keys,
    "ceph-key": ceph_key,
    "ceph-monitor-key": ceph_key,
    "uuid": cluster_id,
}
"""Function that creates a value of each declared kind."""
