#!/usr/bin/python3
"""Gets a token through the virtual IP and validates it at this node. Arguments: the URL of each.

Each token for a password costs a bcrypt hash, which is expensive by design. Nodes that wait for one another ask every second, so
the program keeps a token for half a minute and meanwhile validates it through the virtual IP, which is cheap. Its user has no
role, so the token and the password are useless to others.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from identity import Identity, IdentityError
from own import CA, ENTRANCE_CA, PROBE

TIMEOUT_SECONDS = 8.0
KEEP_SECONDS = 30.0
KEPT = Path("/run/hacienda/keystone.token")


def token(entrance: Identity, kept: Path) -> tuple[str, str]:
    """A token that the entrance accepts, and whether it was `issued` or `validated`."""
    try:
        if time.time() - kept.stat().st_mtime < KEEP_SECONDS:
            known = kept.read_text()
            entrance.validate(known)
            return known, "validated"
    except FileNotFoundError:
        pass  # the first time since the machine started
    except IdentityError as error:
        if not error.refused:
            raise
    issued = entrance.log_in(PROBE)
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(issued)
    return issued, "issued"


def main() -> int:
    """Prints the time it took and returns 0, or prints the error and returns 1."""
    began = time.monotonic()
    try:
        found, how = token(Identity(sys.argv[1], ENTRANCE_CA, TIMEOUT_SECONDS), KEPT)
        Identity(sys.argv[2], CA, TIMEOUT_SECONDS).validate(found)
    except IdentityError as error:
        print(f"{error}|journalctl -u keystone; hacienda-verify haproxy galera")  # noqa: T201 the calling script reads it
        return 1
    taken = time.monotonic() - began
    print(f"token {how} through {sys.argv[1]}, valid here, {taken:.2f} s")  # noqa: T201 the calling script reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
