#!/usr/bin/python3
"""Sends an API of this node a request that requires a valid token. Arguments: the service's name, Keystone's URL, the URL to
request, and the files with the present name and the password of the service's user."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from identity import Account, Identity, IdentityError, Kept

TIMEOUT_SECONDS = 8.0
RUN = Path("/run/hacienda")


def main() -> int:
    """Prints the time it took and returns 0, or prints the error and returns 1."""
    service, keystone, url, name, password = sys.argv[1:]
    began = time.monotonic()
    account = Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        issuer = Identity(keystone, f"/etc/{service}/identity/ca.pem", TIMEOUT_SECONDS)
        Kept(issuer, account, RUN / f"{service}.token").get(
            Identity(url, f"/etc/{service}/tls/ca.pem", TIMEOUT_SECONDS)
        )
    except IdentityError as error:
        print(f"{error}|journalctl -u {service}; hacienda-verify keystone haproxy galera")  # noqa: T201 the calling script reads it
        return 1
    print(f"{url} answers to a token, {time.monotonic() - began:.2f} s")  # noqa: T201 the calling script reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
