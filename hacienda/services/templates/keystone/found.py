#!/usr/bin/python3
"""Fills Keystone's database and makes the administrator: `keystone-manage db_sync`, then `bootstrap` with our arguments.

Loading Keystone takes 3 s of a processor, on a machine that starts everything at once 7 s; so it is loaded once, before the
database is waited for, and each command runs in a fork. The administrator's password is in OS_BOOTSTRAP_PASSWORD.
"""

from __future__ import annotations

import configparser
import multiprocessing
import os
import re
import sys
import time

CONFIGURATION = "/etc/keystone/keystone.conf"
PATIENCE_SECONDS = 300
RETRY_SECONDS = 1
SETTLED_SECONDS = 60
"""How long to wait for all members of the database: while one gets its copy, the server that gives it refuses changes of the
schema, and a migration that is cut off has to begin anew. A member that is gone for good must not be waited for longer."""
SYNCED = "4"
"""Value of wsrep_local_state: this server gives nobody a copy."""
STATE = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state')"


def unlimited(url: str) -> str:
    """A connection URL without time-outs of queries: migrations may take longer than what the API asks for."""
    return re.sub(r"&(read|write)_timeout=\d+", "", url)


def reachable(url: str) -> bool:
    """Waits until one can log in to the database. Its schema and user are made elsewhere."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, pool_size=1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    told = ""
    while time.monotonic() < deadline:
        try:
            with engine.connect():
                break
        except sqlalchemy.exc.SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error))
        if reason != told:
            print(f"waiting for the database: {reason}", file=sys.stderr)  # noqa: T201 for the journal
            told = reason
        time.sleep(RETRY_SECONDS)
    else:
        return False
    # A connection must not be shared with the forks.
    engine.dispose()
    return True


def settled(url: str, members: int) -> None:
    """Waits until the database has that many members and none of them is given a copy, SETTLED_SECONDS at most."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        try:
            with engine.connect() as connection:
                said = dict(tuple(row) for row in connection.exec_driver_sql(STATE))
        except sqlalchemy.exc.SQLAlchemyError:
            said = {"wsrep_cluster_size": 0}
        if not said or (int(said["wsrep_cluster_size"]) >= members and said["wsrep_local_state"] == SYNCED):
            return
        time.sleep(RETRY_SECONDS)


def begin_anew(url: str) -> None:
    """Drops the tables that an interrupted founding left: its first migration cannot be repeated over them.

    While nobody has founded Keystone and no user was made, they hold nothing: the administrator is the first.
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, pool_size=1)
    with engine.begin() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        if not tables or ("user" in tables and connection.exec_driver_sql("SELECT 1 FROM user LIMIT 1").first()):
            return
        print("an earlier try was interrupted: beginning anew", file=sys.stderr)  # noqa: T201 for the journal
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in tables:
            connection.exec_driver_sql(f"DROP TABLE `{table}`")
    engine.dispose()


def main() -> int:
    """0 when both commands succeeded; 1 when the database cannot be reached; otherwise the failed one's exit status."""
    from keystone.cmd import cli

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(CONFIGURATION)
    url = unlimited(parser["database"]["connection"])
    os.environ["OS_DATABASE__CONNECTION"] = url
    settled(url, int(os.environ["DATABASE_MEMBERS"]))
    if not reachable(url):
        print("Keystone cannot log in to its database|hacienda-verify galera haproxy keepalived", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    begin_anew(url)
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
