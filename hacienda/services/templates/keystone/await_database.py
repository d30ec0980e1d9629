#!/usr/bin/python3
"""Waits until Keystone can log in to its database. Argument: the seconds it may take. Its schema and user are made elsewhere."""

from __future__ import annotations

import configparser
import sys
import time

CONFIGURATION = "/etc/keystone/keystone.conf"
RETRY_SECONDS = 1


def main() -> int:
    """0 when the database answers, 1 after the time is up."""
    import sqlalchemy

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(CONFIGURATION)
    engine = sqlalchemy.create_engine(parser["database"]["connection"], pool_size=1)
    deadline = time.monotonic() + float(sys.argv[1])
    told = ""
    while True:
        try:
            with engine.connect():
                return 0
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error))
        if reason != told:
            print(f"waiting for the database: {reason}", file=sys.stderr)  # noqa: T201 for the journal
            told = reason
        if time.monotonic() > deadline:
            return 1
        time.sleep(RETRY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
