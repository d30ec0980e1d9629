#!/usr/bin/python3
"""Fills Keystone's database and makes the administrator: `keystone-manage db_sync`, then `bootstrap` with our arguments.

Loading Keystone takes 3 s of a processor, on a machine that starts everything at once 7 s; so it is loaded once, before the
database is waited for, and each command runs in a fork. The administrator's password is in OS_BOOTSTRAP_PASSWORD.
"""

from __future__ import annotations

import multiprocessing
import sys

from database import clear, ready

CONFIGURATION = "/etc/keystone/keystone.conf"
USED = "SELECT 1 FROM user LIMIT 1"
"""While nobody has founded Keystone and no user was made, its tables hold nothing: the administrator is the first."""


def main() -> int:
    """0 when both commands succeeded; 1 when the database cannot be reached; otherwise the failed one's exit status."""
    from keystone.cmd import cli

    url = ready(CONFIGURATION, "database")
    if not url:
        return 1
    clear(url, USED)
    fork = multiprocessing.get_context("fork")
    for command in (["db_sync"], ["bootstrap", *sys.argv[1:]]):
        process = fork.Process(target=cli.main, args=(["keystone-manage", *command],))
        process.start()
        process.join()
        if process.exitcode:
            return abs(process.exitcode)
    return 0


if __name__ == "__main__":
    sys.exit(main())
