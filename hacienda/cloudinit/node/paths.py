"""Paths on a node. HACIENDA_ROOT moves them below another folder, for rehearsals."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("HACIENDA_ROOT", "/"))

LIB = ROOT / "usr/lib/hacienda"
ETC = ROOT / "etc/hacienda"
STATE = ROOT / "var/lib/hacienda"

LOCK = STATE / "lock"
BUNDLES = STATE / "bundles"
CURRENT = STATE / "bundle"
INCOMING = STATE / "incoming"
SECRETS = STATE / "secrets"
DIGESTS = STATE / "digests.json"
DIGEST_KEY = STATE / "digest.key"
MANIFEST = STATE / "manifest.json"
CLUSTER = STATE / "cluster.json"
ERROR = STATE / "error"
ASSUMPTIONS = STATE / "assumptions.json"
PENDING = STATE / "pending"
TAKEN = STATE / "taken"
DONE = STATE / "done"


def real(path: str) -> Path:
    """The place of a manifest's path on this machine."""
    return ROOT / path.lstrip("/")
