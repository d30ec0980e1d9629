"""Secrets that services declare. Only their names pass through declarations, never their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hacienda.declare.views import Cloud

SecretKind = Literal["token", "fernet-keys", "erlang-cookie", "ceph-key", "ceph-monitor-key", "uuid"]
"""How a secret's value is made. Leaf certificates (x509) are not listed: they are declared as Certificate.

- `token`: 48 characters A-Za-z0-9, which need no escaping in any file or URL.
- `fernet-keys`: {index: key}; each key is 32 bytes in urlsafe base64, the format of Keystone's key repositories.
- `erlang-cookie`: a token that never matches ^[A-Z]{20}$, because Debian's package would replace such a cookie.
- `ceph-key`: a key of cephx, Ceph's authentication, in base64.
- `ceph-monitor-key`: the key that Ceph's monitors have in common. A monitor with another one is not heard by the others, so it
  does not rotate.
- `uuid`: a random UUID that identifies a cluster. It never changes, so it does not rotate.
"""

FERNET_KEYS = 3
"""Keystone's default of [fernet_tokens] max_active_keys, and its fixed number for credentials: the staged key, the primary key,
and one former key that still validates."""


def _fernet_keys(cloud: Cloud) -> int:
    return FERNET_KEYS


def placeholder(name: str) -> str:
    """The text that a node replaces with the value of its secret `name`."""
    return f"@{{secret:{name}}}@"


@dataclass(frozen=True)
class Secret:
    """A secret that a service owns.

    Args:
        name: `<service>/<what>`; lower case, digits, `-`, `_` and `/`.
        kind: how its value is made.
        keys: only `fernet-keys`: function of the cloud. It returns how many keys remain after a rotation, including the
            staged and the primary key.
        reconciled: True: a new value takes effect only when the owner's reconcile script has run; a new file is not enough.
    """

    name: str
    kind: SecretKind = "token"
    keys: Callable[[Cloud], int] = _fernet_keys
    reconciled: bool = False
