#!/usr/bin/python3
"""Brings the schema of an API's database to what its code needs. Arguments: its configuration file, the section with the
connection, the Python module of its management tool, and the tool's own arguments.

The tool is loaded first, then the database is waited for: both take seconds, and every machine starts at once. DATABASE_MEMBERS
says how many servers the database has. If HACIENDA_FIRST is set, no release was migrated before: what an interrupted try left is
dropped, unless the query MIGRATE_USED finds that it is used.
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
