#!/usr/bin/python3
"""Gives the storage cluster its central options, its pools, and its clients' keys and rights. It can run twice.

It connects with the monitors' own key, which stays the same when the administrator's changes. A user has one key, so the argument
`--retire` finds nothing to do.
"""

from __future__ import annotations

import configparser
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNTS = Path("/etc/hacienda/accounts/storage")
KEYS = Path("/var/lib/hacienda/secrets/storage")
ADMINISTRATOR_KEY = Path("/var/lib/hacienda/secrets/ceph/admin")
CENTRAL = Path("/etc/ceph/central.conf")
POOLS = Path("/etc/ceph/pools.json")
MADE = "hacienda/made"
"""Key of the cluster's own store with the clients and options that this program made. An operator may have others, which stay."""
ADMINISTRATOR = {"mon": "allow *", "mgr": "allow *", "osd": "allow *", "mds": "allow *"}

Clients = Mapping[str, tuple[str, Mapping[str, str]]]
"""User -> key and rights."""


def clients(accounts: Path, keys: Path) -> Clients:
    """Declared clients."""
    declared = (json.loads(path.read_text()) for path in sorted(accounts.glob("*.json")))
    return {one["user"]: ((keys / one["user"]).read_text().strip(), dict(one["caps"])) for one in declared}


def keyring(users: Clients) -> str:
    """A keyring with these users."""
    lines = []
    for name, (key, rights) in sorted(users.items()):
        lines += [
            f"[client.{name}]",
            f"key = {key}",
            *(f'caps {of} = "{right}"' for of, right in sorted(rights.items())),
        ]
    return "\n".join(lines) + "\n"


def options(text: str) -> Iterator[tuple[str, str]]:
    """Section and name of each option in a text of ceph.conf's form."""
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",))
    parser.read_string(text)
    return ((section, name) for section in parser.sections() for name in parser[section])


def rule(cluster: Any, bucket: str) -> tuple[str, int]:
    """Name and number of the rule that spreads copies over buckets of a type."""
    name = f"hacienda-{bucket}"
    cluster.say("osd crush rule create-replicated", name=name, root="default", type=bucket)
    return name, cluster.ask("osd crush rule dump", name=name)["rule_id"]


def pools(cluster: Any, wanted: Mapping[str, Any]) -> None:
    """Make the pools that are missing, and correct the copies of all.

    Args:
        cluster: the connection.
        wanted: `pools`, their names; `size`, `min_size` and `pg_num` of each; `failure_domain`, what must not hold two copies.
    """
    name, number = rule(cluster, wanted["failure_domain"])
    present = {pool["pool_name"]: pool for pool in cluster.ask("osd pool ls", detail="detail")}
    for pool in wanted["pools"]:
        had = present.get(pool, {})
        if not had:
            cluster.say("osd pool create", pool=pool, pg_num=wanted["pg_num"], pool_type="replicated", rule=name)
        for setting in ("size", "min_size"):
            if had.get(setting) != wanted[setting]:
                sure = {"yes_i_really_mean_it": True} if (setting, wanted[setting]) == ("size", 1) else {}
                cluster.say("osd pool set", pool=pool, var=setting, val=str(wanted[setting]), **sure)
        # Otherwise the autoscaler makes at least 32.
        if had.get("options", {}).get("pg_num_min") != wanted["pg_num"]:
            cluster.say("osd pool set", pool=pool, var="pg_num_min", val=str(wanted["pg_num"]))
        if had and had["crush_rule"] != number:
            cluster.say("osd pool set", pool=pool, var="crush_rule", val=name)
        if "rbd" not in had.get("application_metadata", {}):
            cluster.say("osd pool application enable", pool=pool, app="rbd")


def made(cluster: Any) -> Mapping[str, Collection[str]]:
    """What earlier runs made: `clients` and `options`."""
    found: Mapping[str, str] = cluster.ask("config-key dump", key=MADE)
    return json.loads(found[MADE]) if MADE in found else {"clients": (), "options": ()}


def reconcile(cluster: Any, wanted: Clients, admin: str, central: str, of_pools: Mapping[str, Any]) -> None:
    """Does it all.

    Args:
        cluster: the connection.
        wanted: declared clients.
        admin: the administrator's key.
        central: options of the whole cluster, in ceph.conf's form.
        of_pools: as for `pools`.
    """
    former = {kind: set(names) for kind, names in made(cluster).items()}
    present = {"clients": set(wanted), "options": {f"{section} {name}" for section, name in options(central)}}
    # The record comes first, so that what an interrupted run made can be removed.
    both = {kind: sorted(former[kind] | present[kind]) for kind in present}
    cluster.say("config-key set", key=MADE, val=json.dumps(both))
    cluster.say("auth import", keyring({**wanted, "admin": (admin, ADMINISTRATOR)}).encode())
    cluster.say("config assimilate-conf", central.encode())
    # It asks disks with a program that needs root, which daemons do not have.
    cluster.say("config set", who="mgr", name="mgr/devicehealth/enable_monitoring", value="false")
    pools(cluster, of_pools)
    for name in sorted(former["clients"] - present["clients"]):
        cluster.say("auth rm", entity=f"client.{name}")
    for option in sorted(former["options"] - present["options"]):
        section, _, name = option.partition(" ")
        cluster.say("config rm", who=section, name=name)
    cluster.say("config-key set", key=MADE, val=json.dumps({kind: sorted(names) for kind, names in present.items()}))
    print(f"clients: {' '.join(sorted(wanted))}; pools: {' '.join(of_pools['pools'])}", file=sys.stderr)  # noqa: T201 the journal


def main() -> int:
    """0: done."""
    from monitors import Monitors, MonitorsError

    wanted, admin = clients(ACCOUNTS, KEYS), ADMINISTRATOR_KEY.read_text().strip()
    try:
        cluster = Monitors("/etc/ceph/ceph.conf", "mon.", "/etc/ceph/founding.keyring")
        reconcile(cluster, wanted, admin, CENTRAL.read_text(), json.loads(POOLS.read_text()))
    except MonitorsError as error:
        print(f"{error}|hacienda-verify ceph", file=sys.stderr)  # noqa: T201 for the journal
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
