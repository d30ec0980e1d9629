"""The accounts that Keystone's own scripts use, and the authorities that they trust."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from identity import Account, Identity, IdentityError

CA = "/etc/keystone/tls/ca.pem"
"""Authority of the certificates of Keystone's servers."""
ENTRANCE_CA = "/etc/keystone/identity/ca.pem"
"""Authority of the certificate at Keystone's endpoint."""

ADMIN = Account("admin", Path("/var/lib/hacienda/secrets/keystone/admin"), "admin")
PROBE = Account(
    "hacienda-probe",
    Path("/var/lib/hacienda/secrets/keystone/probe"),
    description="Asks for tokens, to see whether that works",
)
"""Has no role, so it can only get tokens."""


def here(url: str) -> Identity:
    """A session at a Keystone of this cloud's machines."""
    return Identity(url, CA)


def as_administrator(work: Callable[[Identity], Iterable[str]], unchanged: str) -> int:
    """Run `work` as the administrator at the Keystone that the program's first argument names, and log the changes.

    Args:
        work: returns its changes; empty texts do not count.
        unchanged: what is logged without a change.

    Returns:
        0; 1: Keystone refused a request or did not answer.
    """
    identity = here(sys.argv[1])
    try:
        identity.log_in(ADMIN)
        changes = [change for change in work(identity) if change]
    except IdentityError as error:
        print(f"{error}|hacienda-verify keystone", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    print("\n".join(changes) or unchanged, file=sys.stderr)  # noqa: T201 for the journal
    return 0
