"""Secrets by type and scope. Values never pass through here: only names do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

SecretKind = Literal["token", "fernet-keys", "erlang-cookie"]
"""`token`: 48 characters A-Za-z0-9 (safe unescaped in any file and URL). `fernet-keys`: {index: key}, urlsafe base64 of 32
bytes each, as Keystone's repositories want them. `erlang-cookie`: a token that never matches ^[A-Z]{20}$, which Debian's
package would replace. Leaves (x509) are declared as Certificate."""

FERNET_KEYS = 3
"""Keystone's default of [fernet_tokens] max_active_keys, and its fixed number for credentials: staged, primary and one that
still validates."""


def _fernet_keys(options: Any) -> int:
    return FERNET_KEYS


def placeholder(name: str) -> str:
    """The text that a node replaces by the content of its secret `name`."""
    return f"@{{secret:{name}}}@"


@dataclass(frozen=True)
class Secret:
    """A secret that a service owns.

    Args:
        name: `<service>/<what>`; lower case, digits, `-`, `_` and `/`.
        kind: how it is made.
        keys: of `fernet-keys`: how many stay after a rotation, staged and primary among them, given the service's options.
        reconciled: the owner's reconcile script brings a new value into force; a file that holds it is not enough.
    """

    name: str
    kind: SecretKind = "token"
    keys: Callable[[Any], int] = _fernet_keys
    reconciled: bool = False
