#!/usr/bin/python3
"""Migrates the schema of an API's database for its code. Arguments: its configuration file, the section with the connection, the
Python module of its management tool, and the tool's own arguments.

The program loads the tool before it waits for the database, because both take seconds while a machine starts. DATABASE_MEMBERS is
the number of the database's servers. HACIENDA_FIRST is set if no release was migrated before. The program then drops what an
interrupted migration left, unless the query MIGRATE_USED shows that the tables are in use.
"""

from __future__ import annotations

import importlib
import os
import sys

from database import clear, ready


def main() -> int:
    """The tool's own exit status; 1 when the database cannot be reached."""
    configuration, section, module, *arguments = sys.argv[1:]
    tool = importlib.import_module(module)
    url = ready(configuration, section)
    if not url:
        return 1
    if os.environ.get("HACIENDA_FIRST"):
        clear(url, os.environ["MIGRATE_USED"])
    sys.argv = [module, *arguments]
    return tool.main() or 0


if __name__ == "__main__":
    sys.exit(main())
