#!/usr/bin/python3
"""Asks Nova whether a compute reports, takes instances and is in its availability zone. Arguments: Keystone's URL, Nova's URL, the
compute's name, its zone (empty: none), and the files with the present name and the password of Nova's user."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from identity import Account, Identity, IdentityError, Kept

TIMEOUT_SECONDS = 8.0
KEPT = Path("/run/hacienda/nova-compute.token")
AUTHORITY = "/etc/nova-compute/identity/ca.pem"


def problem(node: str, zone: str, services: list[dict[str, Any]]) -> str:
    """What is wrong with a compute, from Nova's list of its services; empty: nothing."""
    if not services:
        return f"Nova does not know {node}|journalctl -u nova-compute"
    if services[0]["state"] != "up":
        return f"Nova heard nothing of {node} since {services[0]['updated_at']}|journalctl -u nova-compute"
    if zone and services[0]["zone"] != zone:
        return f"{node} is in the zone {services[0]['zone']} instead of {zone}|journalctl -u nova-zone"
    return ""


def main() -> int:
    """Prints the compute's state and returns 0, or prints the error and returns 1."""
    keystone, nova, node, zone, name, password = sys.argv[1:]
    account = Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        tokens = Kept(Identity(keystone, AUTHORITY, TIMEOUT_SECONDS), account, KEPT)
        asked = f"/os-services?host={node}&binary=nova-compute"
        services = tokens.get(Identity(nova, AUTHORITY, TIMEOUT_SECONDS), asked)["services"]
    except IdentityError as error:
        print(f"{error}|hacienda-verify nova keystone on a controller")  # noqa: T201 the calling script reads it
        return 1
    wrong = problem(node, zone, services)
    print(wrong or f"{node} is {services[0]['status']} and reports to Nova")  # noqa: T201 the calling script reads it
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
