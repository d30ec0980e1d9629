#!/usr/bin/python3
"""Fills Keystone's database and makes the administrator: `keystone-manage db_sync`, then `bootstrap` with this program's arguments.

Loading Keystone takes 3 s of a processor, or 7 s while a machine starts all its services. So the program loads it once, before
it waits for the database, and runs each command in a fork. The administrator's password is in OS_BOOTSTRAP_PASSWORD.
"""

from __future__ import annotations

import multiprocessing
import sys

from database import clear, ready

CONFIGURATION = "/etc/keystone/keystone.conf"
USED = "SELECT 1 FROM user LIMIT 1"
"""Until Keystone is founded its tables are empty; the administrator is the first user."""


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
