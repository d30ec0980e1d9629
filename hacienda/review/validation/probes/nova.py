"""Makes Nova's schemas with two cells in SQLite files, without which its API does not load.

Called as: nova.py CONFIGURATION FOLDER; prints the environment variables with which Nova uses them.
"""

from __future__ import annotations

import importlib
import os
import sys


def main(configuration: str, folder: str) -> int:
    """Exit code: 1 if a step of Nova's management tool fails."""
    url = f"sqlite:///{folder}/nova"
    # SQLite has no pool, and therefore no time limit for waiting on it.
    variables = {"OS_API_DATABASE__CONNECTION": f"{url}-api.db", "OS_DATABASE__CONNECTION": f"{url}.db"}
    variables |= {"OS_API_DATABASE__POOL_TIMEOUT": "", "OS_DATABASE__POOL_TIMEOUT": ""}
    os.environ.update(variables)
    manage = importlib.import_module("nova.cmd.manage")
    manage.config.parse_args(["nova-manage", "--config-file", configuration])
    manage.objects.register_all()
    cells = manage.CellV2Commands()
    failed = manage.ApiDbCommands().sync() or cells.map_cell0(f"{url}-0.db")
    failed = failed or cells.create_cell("cell1", f"{url}.db", "fake:///") or manage.DbCommands().sync()
    print(*(f"{name}={value}" for name, value in variables.items()))  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
