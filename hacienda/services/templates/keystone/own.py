"""Whom Keystone's own scripts log in as, and whom they trust."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from identity import Account, Identity, IdentityError

CA = "/etc/keystone/tls/ca.pem"
"""Who signed what Keystone's servers show."""
ENTRANCE_CA = "/etc/keystone/identity/ca.pem"
"""Who signed what clients are shown at Keystone's endpoint."""

ADMIN = Account("admin", Path("/var/lib/hacienda/secrets/keystone/admin"), "admin")
PROBE = Account(
    "hacienda-probe",
    Path("/var/lib/hacienda/secrets/keystone/probe"),
    description="Asks for tokens, to see whether that works",
)
"""May do nothing else: it has no role anywhere."""


def here(url: str) -> Identity:
    """A session at a Keystone of this cloud's machines."""
    return Identity(url, CA)


def as_administrator(work: Callable[[Identity], Iterable[str]], unchanged: str) -> int:
    """Do something as the administrator at the Keystone that the program's first argument names, and tell the journal what was
    done.

    Args:
        work: returns what it changed; empty texts are none.
        unchanged: what is said when it changed nothing.

    Returns:
        0; 1: Keystone did not answer as hoped.
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
