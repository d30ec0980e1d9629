"""Waits for a database behind the load balancers, and drops what an interrupted first migration left there."""

from __future__ import annotations

import configparser
import os
import re
import sys
import time

PATIENCE_SECONDS = 300
RETRY_SECONDS = 1
SETTLED_SECONDS = 60
"""How long to wait for all members of the database. While one gets its copy, the donor refuses changes of the schema, and an
interrupted migration has to begin again. A member that is lost for good must not delay a migration for longer."""
SYNCED = "4"
"""Value of wsrep_local_state of a server that is no donor."""
STATE = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_local_state')"


def unlimited(url: str) -> str:
    """A connection URL without time-outs of queries: migrations may take longer than the API's queries."""
    return re.sub(r"&(read|write)_timeout=\d+", "", url)


def reachable(url: str) -> bool:
    """Wait until a log-in to the database succeeds. Its schema and user are made elsewhere."""
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
    # A connection must not be shared with a fork.
    engine.dispose()
    return True


def settled(url: str, members: int) -> None:
    """Wait, SETTLED_SECONDS at most, until the database has that many members and none of them is getting a copy."""
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


def clear(url: str, used: str) -> None:
    """Drop the tables that an interrupted first migration left, because it cannot run again over them.

    Args:
        url: URL of the connection.
        used: a query that finds a row once the tables are in use.
    """
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, pool_size=1)
    with engine.begin() as connection:
        tables = sqlalchemy.inspect(connection).get_table_names()
        asked = re.search(r"FROM (\w+)", used)
        if not tables or (asked and asked[1] in tables and connection.exec_driver_sql(used).first()):
            return
        print("an earlier migration was interrupted: dropping its tables", file=sys.stderr)  # noqa: T201 for the journal
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS = 0")
        for table in tables:
            connection.exec_driver_sql(f"DROP TABLE `{table}`")
    engine.dispose()


def ready(configuration: str, section: str) -> str:
    """Wait for the database of a configuration file until migrations can begin. Puts its URL, without time-outs, into their
    environment. DATABASE_MEMBERS is the number of its servers.

    Returns:
        The URL; empty: a log-in failed, and the journal has the error.
    """
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(configuration)
    url = unlimited(parser[section]["connection"])
    os.environ[f"OS_{section.upper()}__CONNECTION"] = url
    settled(url, int(os.environ["DATABASE_MEMBERS"]))
    if reachable(url):
        return url
    said = f"the database of {configuration} does not answer|hacienda-verify galera haproxy keepalived"
    print(said, file=sys.stderr)  # noqa: T201 for the journal
    return ""
