"""Whom Keystone's own scripts log in as, and whom they trust."""

from __future__ import annotations

from pathlib import Path

from identity import Account, Identity

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
