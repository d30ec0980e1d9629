"""Secrets by type and scope. Values never pass through here: only names do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SecretKind = Literal["token", "fernet-keys", "erlang-cookie"]
"""`token`: 48 characters A-Za-z0-9 (safe unescaped in any file and URL). `fernet-keys`: {index: key}, urlsafe base64 of 32
bytes each, as Keystone's repositories want them. `erlang-cookie`: a token that never matches ^[A-Z]{20}$, which Debian's
package would replace. Leaves (x509) are declared as Certificate."""


@dataclass(frozen=True)
class Secret:
    """A secret that a service owns.

    Args:
        name: `<service>/<what>`; lower case, digits, `-`, `_` and `/`.
        kind: how it is made.
    """

    name: str
    kind: SecretKind = "token"
