#!/usr/bin/python3
"""Puts this compute into the host aggregate of its availability zone, and takes it out of those of former zones. Arguments:
Keystone's URL, Nova's URL, the compute's name, its zone (empty: none), and the files with the present name and the password of
Nova's user.

Only aggregates whose name begins with PREFIX are looked at: others are the operator's. It ends with 1 until Nova knows the compute.
"""

from __future__ import annotations

import sys
from pathlib import Path

from identity import Account, Identity, IdentityError

PREFIX = "hacienda-"
TIMEOUT_SECONDS = 30.0
AUTHORITY = "/etc/nova-compute/identity/ca.pem"


def place(nova: Identity, host: str, zone: str) -> None:
    """Make the aggregates of Hacienda agree with a compute's zone.

    Raises:
        IdentityError: Nova does not know the compute yet, does not answer, or refuses because instances run in the former zone.
    """
    listed = nova.get("/os-aggregates")["aggregates"]
    own = {one["name"]: one for one in listed if one["name"].startswith(PREFIX)}
    wanted = PREFIX + zone if zone else ""
    for name, one in own.items():
        if name != wanted and host in one["hosts"]:
            nova.send("POST", f"/os-aggregates/{one['id']}/action", {"remove_host": {"host": host}})
    if not wanted:
        return
    if wanted not in own:
        made = {"aggregate": {"name": wanted, "availability_zone": zone}}
        own[wanted] = {"hosts": [], **nova.send("POST", "/os-aggregates", made)["aggregate"]}
    if host not in own[wanted]["hosts"]:
        nova.send("POST", f"/os-aggregates/{own[wanted]['id']}/action", {"add_host": {"host": host}})


def main() -> int:
    """Returns 0, or prints the error and returns 1."""
    keystone, url, host, zone, name, password = sys.argv[1:]
    account = Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        token = Identity(keystone, AUTHORITY, TIMEOUT_SECONDS).log_in(account)
        place(Identity(url, AUTHORITY, TIMEOUT_SECONDS, token), host, zone)
    except IdentityError as error:
        print(f"not yet in the zone {zone or 'of nobody'}: {error}", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
