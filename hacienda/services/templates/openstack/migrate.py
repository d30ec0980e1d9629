#!/usr/bin/python3
"""Brings the schema of an API's database to what its code needs. Arguments: its configuration file, the section with the
connection, the Python module of its management tool, and the tool's own arguments.

The tool is loaded first, then the database is waited for: both take seconds, and every machine starts at once. DATABASE_MEMBERS
says how many servers the database has. If HACIENDA_FIRST is set, no release was migrated before: what an interrupted try left is
dropped, unless the query MIGRATE_USED finds that it is used.
"""

from __future__ import annotations

import configparser
import importlib
import os
import sys

from database import clear, reachable, settled, unlimited


def main() -> int:
    """The tool's own exit status; 1 when the database cannot be reached."""
    configuration, section, module, *arguments = sys.argv[1:]
    tool = importlib.import_module(module)
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(configuration)
    url = unlimited(parser[section]["connection"])
    os.environ[f"OS_{section.upper()}__CONNECTION"] = url
    settled(url, int(os.environ["DATABASE_MEMBERS"]))
    if not reachable(url):
        said = f"the database of {configuration} does not answer|hacienda-verify galera haproxy keepalived"
        print(said, file=sys.stderr)  # noqa: T201 for the journal
        return 1
    if os.environ.get("HACIENDA_FIRST"):
        clear(url, os.environ["MIGRATE_USED"])
    sys.argv = [module, *arguments]
    return tool.main() or 0


if __name__ == "__main__":
    sys.exit(main())
