#!/usr/bin/python3
"""Sends an API of this node a request that requires a valid token. Arguments: the service's name, Keystone's URL, the URL to
request, and the files with the present name and the password of the service's user.

A token costs a bcrypt hash, which is expensive by design. Nodes that wait for one another ask every second, so the program keeps a
token for half a minute.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from identity import Account, Identity, IdentityError

TIMEOUT_SECONDS = 8.0
KEEP_SECONDS = 30.0
RUN = Path("/run/hacienda")


def token(identity: Identity, account: Account, kept: Path) -> str:
    """A token of the account, kept or new."""
    try:
        owner, _, known = kept.read_text().partition("\n")
        if owner == account.name and time.time() - kept.stat().st_mtime < KEEP_SECONDS:
            return known
    except FileNotFoundError:
        pass  # the first time since the machine started
    issued: str = identity.log_in(account)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{account.name}\n{issued}")
    return issued


def main() -> int:
    """Prints the time it took and returns 0, or prints the error and returns 1."""
    service, keystone, url, name, password = sys.argv[1:]
    began = time.monotonic()
    kept, account = RUN / f"{service}.token", Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        known = token(Identity(keystone, f"/etc/{service}/identity/ca.pem", TIMEOUT_SECONDS), account, kept)
        Identity(url, f"/etc/{service}/tls/ca.pem", TIMEOUT_SECONDS, known).get("")
    except IdentityError as error:
        kept.unlink(missing_ok=True)
        print(f"{error}|journalctl -u {service}; hacienda-verify keystone haproxy galera")  # noqa: T201 the calling script reads it
        return 1
    print(f"{url} answers to a token, {time.monotonic() - began:.2f} s")  # noqa: T201 the calling script reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
