#!/usr/bin/python3
"""Creates and corrects schemas and users of the local server as declared.

Arguments: the folder with a file for each schema, which names its user; the folder of the users' passwords; the network that
clients log in from; `--retire` to accept only the present passwords from now on.

The server's answers about accounts are sent back to it only as values that the driver quotes, and hashes only if they look like
hashes. During a rotation some clients have the former password and some the new one, so an account accepts both. The statements
hold hashes only.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PRESENT = "SELECT User, Host, Priv FROM mysql.global_priv WHERE Host <> 'localhost'"
HASH = re.compile(r"\*[0-9A-F]{40}")
PLUGIN = "mysql_native_password"
RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, CREATE TEMPORARY TABLES, LOCK TABLES, TRIGGER"
MOST_ACCEPTED = 2
"""Passwords that an account accepts at a time. The server tries them in order and asks the client again for each but the first.
PyMySQL answers only once, so a client with the third of three passwords could not log in."""

CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
"""A change of the schema waits for all members; a server that is silent for that long hangs."""

Account = tuple[str, str]


def password_hash(password: str) -> str:
    """The hash of a password, as mysql_native_password stores it."""
    return "*" + hashlib.sha1(hashlib.sha1(password.encode()).digest()).hexdigest().upper()  # noqa: S324 the server's own


def accepted(privileges: Mapping[str, object]) -> list[str]:
    """Hashes of the passwords that an account accepts, in the order in which the server tries them."""
    alternatives = privileges.get("auth_or")
    # Of several, the last entry is empty and stands for the plugin of the account itself.
    listed = [one or privileges for one in alternatives] if isinstance(alternatives, list) else [privileges]
    hashes = [str(one.get("authentication_string", "")) for one in listed if one.get("plugin") == PLUGIN]
    return [text for text in hashes if HASH.fullmatch(text)]


def parse(rows: Iterable[tuple[str, str, str]]) -> dict[Account, list[str]]:
    """Accounts with the hashes that they accept; none for a locked account, whose hashes are not kept."""
    found = {}
    for user, host, privileges in rows:
        known = json.loads(privileges)
        found[user, host] = [] if known.get("account_locked") else accepted(known)
    return found


def statements(
    schemas: Mapping[str, str],
    passwords: Mapping[str, str],
    network: str,
    present: Mapping[Account, list[str]],
    retire: bool,
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """SQL and the values of its `%s`.

    Args:
        schemas: schema -> its user.
        passwords: user -> password.
        network: where clients log in from, `address/netmask`.
        present: the server's accounts (`parse`).
        retire: accept the present password only.
    """
    for schema in sorted(schemas):
        yield f"CREATE DATABASE IF NOT EXISTS `{schema}` CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", ()
    for name, password in sorted(passwords.items()):
        account = (name, network)
        new = password_hash(password)
        former = [] if retire else [text for text in present.get(account, ()) if text != new]
        ways = (new, *former)[:MOST_ACCEPTED]
        accepting = " OR ".join(f"{PLUGIN} USING %s" for _ in ways)
        yield "CREATE USER IF NOT EXISTS %s@%s ACCOUNT LOCK", account
        yield f"ALTER USER %s@%s IDENTIFIED VIA {accepting} REQUIRE SSL ACCOUNT UNLOCK", (*account, *ways)
    for schema, name in sorted(schemas.items()):
        # An underscore in a GRANT stands for any character, so it is escaped.
        escaped = schema.replace("_", "\\_")
        yield f"GRANT {RIGHTS} ON `{escaped}`.* TO %s@%s", (name, network)
    for user, host in present:
        # Only Hacienda's accounts log in from a network; others are the operator's. Lock instead of drop, as the schema is kept.
        if "/" in host and (user not in passwords or host != network):
            yield "ALTER USER %s@%s ACCOUNT LOCK", (user, host)


def connect() -> Any:
    """A connection to the local server as root, through the Unix socket. It never sends a file to the server (`local_infile`)."""
    import pymysql

    return pymysql.connect(
        unix_socket="/run/mysqld/mysqld.sock",
        user="root",
        autocommit=True,
        local_infile=False,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        write_timeout=ANSWER_SECONDS,
    )


def reconcile(
    cursor: Any, schemas: Mapping[str, str], passwords: Mapping[str, str], network: str, retire: bool
) -> None:
    """Create and correct schemas and users as declared."""
    cursor.execute(PRESENT)
    for statement, values in statements(schemas, passwords, network, parse(cursor.fetchall()), retire):
        cursor.execute(statement, values)


def main() -> int:
    """0 when schemas and users are as declared."""
    names, secrets, network = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    schemas = {path.stem: json.loads(path.read_text())["user"] for path in names.glob("*.json")}
    passwords = {user: (secrets / user).read_text().strip() for user in schemas.values()}
    empty = [name for name, password in passwords.items() if not password]
    if empty:
        print(f"the secret database/{empty[0]} is empty|deploy the environment again", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    with connect() as connection, connection.cursor() as cursor:
        reconcile(cursor, schemas, passwords, network, "--retire" in sys.argv[4:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
