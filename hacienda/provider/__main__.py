"""`python -m hacienda.provider`, which Terraform starts. `--schema` prints its attributes as JSON instead."""

from __future__ import annotations

import json
import sys

from hacienda.provider import composition
from hacienda.provider.framework import server
from hacienda.remote import connections


def main(arguments: list[str]) -> int:
    """Serve Terraform, or print the schema; returns the exit code."""
    provider = composition.provider()
    if arguments == ["--schema"]:
        sys.stdout.write(json.dumps(provider.described(), indent=2, sort_keys=True) + "\n")
        return 0
    if not server.started_by_terraform():
        sys.stderr.write("This is a Terraform provider: Terraform starts it. --schema prints its attributes.\n")
        return 2
    server.serve(provider, connections.close_all)
    return 0


sys.exit(main(sys.argv[1:]))
