#!/usr/bin/python3
"""Gets a token through the virtual IP and validates it at this node. Arguments: the URL of each."""

from __future__ import annotations

import sys
import time

from identity import Identity, IdentityError

TIMEOUT_SECONDS = 8.0


def main() -> int:
    """0 and the time it took; 1 and what went wrong."""
    began = time.monotonic()
    try:
        token = Identity(sys.argv[1], TIMEOUT_SECONDS).log_in()
        Identity(sys.argv[2], TIMEOUT_SECONDS).validate(token)
    except IdentityError as error:
        print(f"{error}|journalctl -u keystone; hacienda-verify haproxy galera")  # noqa: T201 the calling script reads it
        return 1
    print(f"token through {sys.argv[1]}, valid here, {time.monotonic() - began:.2f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
