#!/usr/bin/python3
"""Checks whether Keystone accepts the administrator's present password. Argument: its URL. Exit status 0: accepted; 3: refused; 1:
no answer."""

from __future__ import annotations

import sys

from identity import IdentityError
from own import ADMIN, here

REFUSED = 3


def main() -> int:
    """Log in once."""
    try:
        here(sys.argv[1]).log_in(ADMIN)
    except IdentityError as error:
        print(f"{error}|hacienda-verify keystone", file=sys.stderr)  # noqa: T201 for the journal
        return REFUSED if error.refused else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
