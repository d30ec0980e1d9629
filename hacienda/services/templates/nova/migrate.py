#!/usr/bin/python3
"""Migrates Nova's three schemas for its code, and maps its two cells. Arguments: the configuration file, the section of the API's
connection, and `sync` or `online`.

The program can be run again from any point at which it was interrupted. HACIENDA_FIRST is set if no release was migrated before.
The program then drops what an interrupted migration left, unless rows show that the tables are in use. MIGRATE_USED is the query
for the API's schema.

A cell's record in the API's schema holds templates instead of URLs. Nova fills them with the parts of the URLs in its own
configuration whenever it reads them, so a changed password or broker changes no record.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from database import clear, ready

CONNECTION = "{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}"
"""The connection of section [database]."""
CONNECTION_OF_CELL0 = CONNECTION.replace("{path}", "nova_cell0")
TRANSPORT = CONNECTION
"""All brokers of `transport_url`. Python reads `rabbit://user:one@a:1,user:one@b:2/nova` as a URL whose password is
`one@a:1,user:one` and whose host is `b`, so the template gives it back whole, with any number of brokers."""
STARTED = "SELECT 1 FROM services LIMIT 1"
"""A query that finds a row once one of Nova's daemons has started."""
CELL0 = "00000000-0000-0000-0000-000000000000"


class MigrationError(Exception):
    """A step that Nova's management tool did not do."""


def succeeded(status: int | None, step: str) -> None:
    """Raise MigrationError unless the exit status of a step is 0; None counts as 0."""
    if status:
        raise MigrationError(f"{step} ended with status {status}")


def cells(url: str) -> dict[str, tuple[str, str, str]]:
    """The mapped cells: name -> UUID, transport template and connection template, as they are stored."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, uuid, transport_url, database_connection FROM cell_mappings")
        return {name: (uuid, transport, database) for name, uuid, transport, database in rows}


def map_cells(manage: Any, url: str) -> None:
    """Map cell0 and cell1, each once, with templates."""
    commands = manage.CellV2Commands()
    wanted = {"cell0": ("none:///", CONNECTION_OF_CELL0), "cell1": (TRANSPORT, CONNECTION)}
    for name, (transport, database) in wanted.items():
        known = cells(url).get(name)
        if known is None and name == "cell0":
            succeeded(commands.map_cell0(database), "map_cell0")
        elif known is None:
            succeeded(commands.create_cell(name, database, transport), f"create_cell {name}")
        elif known[1:] != (transport, database):
            succeeded(commands.update_cell(known[0], name, transport, database), f"update_cell {name}")


def sync(manage: Any, url: str, main: str) -> None:
    """Bring all schemas to what the code needs. An interrupted first migration of any of them begins again.

    Args:
        url: connection of the API's schema.
        main: connection of the cell's schema.
    """
    first = bool(os.environ.get("HACIENDA_FIRST"))
    if first:
        clear(url, os.environ["MIGRATE_USED"])
    succeeded(manage.ApiDbCommands().sync(), "api_db sync")
    map_cells(manage, url)
    if first and not in_use(main):
        clear(main, STARTED)
        clear(main.replace("/nova?", "/nova_cell0?"), STARTED)
    succeeded(manage.DbCommands().sync(), "db sync")


def in_use(url: str) -> bool:
    """Whether a daemon of Nova has started on this schema."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        known = "services" in sqlalchemy.inspect(connection).get_table_names()
        return bool(known and connection.exec_driver_sql(STARTED).first())


def main() -> int:
    """0, or 1 if the database cannot be reached or a step failed."""
    configuration, section, command = sys.argv[1:]
    # Nova patches the standard library when it is imported.
    manage = importlib.import_module("nova.cmd.manage")
    urls = [ready(configuration, name) for name in (section, "database")]
    if not all(urls):
        return 1
    manage.config.parse_args(["nova-manage", "--config-file", configuration])
    manage.logging.setup(manage.CONF, "nova")
    manage.objects.register_all()
    try:
        if command == "online":
            succeeded(manage.DbCommands().online_data_migrations(), "online_data_migrations")
        else:
            sync(manage, *urls)
    except MigrationError as error:
        print(f"{error}|see the lines above", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
