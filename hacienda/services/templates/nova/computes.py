#!/usr/bin/python3
"""What Nova does with a compute that leaves. Arguments: `drain`, `stay` or `leave`, the compute's name, Keystone's URL, Nova's URL,
and the files with the present name and the password of Nova's user.

drain: one step. The exit status is 0 when the compute has no instance, 75 while instances move, 1 if one cannot move.
stay: undoes drain. leave: deletes Nova's record of the compute, and with it that of Placement.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from identity import Account, Identity, IdentityError

TIMEOUT_SECONDS = 20.0
AT_WORK = 75
VERSION = "compute 2.96"
"""Microversion of Nova 31. From 2.53 on services have UUIDs, from 2.25 on Nova decides whether disks move too."""
REASON = "hacienda: leaves, since "
"""Nova keeps it with the compute, and so the time after which a failed migration counts."""
LIVE = frozenset({"ACTIVE", "PAUSED"})
"""States of an instance that moves while it runs."""


def record(nova: Any, node: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Nova's record of a compute, or None, and those of all others."""
    found: list[dict[str, Any]] = nova.get("/os-services?binary=nova-compute")["services"]
    own = next((one for one in found if one["host"] == node), None)
    return own, [one for one in found if one is not own]


def instances(nova: Any, node: str) -> list[dict[str, Any]]:
    """Instances on a compute, of all projects."""
    found: list[dict[str, Any]] = nova.get(f"/servers/detail?all_tenants=1&host={node}")["servers"]
    return found


def hindrance(own: Mapping[str, Any], others: Iterable[Mapping[str, Any]], servers: Iterable[Mapping[str, Any]]) -> str:
    """Why these instances cannot move; empty: they can, or there is none.

    Args:
        own: Nova's record of the compute.
        others: records of the other computes.
        servers: the instances.
    """
    stuck = [one for one in servers if one["status"] not in (*LIVE, "MIGRATING")]
    named = ", ".join(sorted(f"{one['name']} ({one['id']}, {one['status']})" for one in (stuck or servers)))
    if not named:
        return ""
    if own["state"] != "up":
        return f"{own['host']} does not run and has instances: {named}|start it; or `openstack server evacuate` or delete them"
    if stuck:
        return f"instances that do not run cannot be moved: {named}|start them; or `openstack server migrate` or delete them"
    if not any(one["state"] == "up" and one["status"] == "enabled" for one in others):
        return f"no other compute runs and takes instances: {named}|add or start a compute, or delete the instances"
    return ""


def failed(nova: Any, node: str, since: str, servers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Instances whose migration from the compute failed after that time, with the name of the instance and its latest state."""
    found = []
    for one in servers:
        tried = nova.get(f"/os-migrations?source_compute={node}&instance_uuid={one['id']}")["migrations"]
        newest = max(
            (each for each in tried if each["created_at"] >= since), key=lambda each: each["created_at"], default=None
        )
        if newest is not None and newest["status"] in ("error", "failed"):
            found.append(f"{one['name']} ({one['id']})")
    return sorted(found)


def drain(nova: Any, node: str, now: str) -> tuple[int, str]:
    """One step: exit status and the line that says what is left. `now` is the time in UTC, as Nova writes it."""
    own, others = record(nova, node)
    if own is None:
        return 0, f"Nova does not know a compute {node}"
    servers = instances(nova, node)
    wrong = hindrance(own, others, servers)
    if wrong:
        return 1, wrong
    reason = own.get("disabled_reason") or ""
    if not reason.startswith(REASON):
        nova.send("PUT", f"/os-services/{own['id']}", {"status": "disabled", "disabled_reason": f"{REASON}{now}"})
        # An instance that is being built here appears in a moment.
        return AT_WORK, f"{node} takes no instance any more"
    broken = failed(nova, node, reason.removeprefix(REASON), servers)
    if broken:
        return (
            1,
            f"the live migration of {', '.join(broken)} failed|journalctl -u nova-compute on {node}; then apply again",
        )
    for one in servers:
        if one["status"] in LIVE and not one["OS-EXT-STS:task_state"]:
            nova.send(
                "POST", f"/servers/{one['id']}/action", {"os-migrateLive": {"host": None, "block_migration": "auto"}}
            )
    if servers:
        return AT_WORK, f"{len(servers)} instances still move: {', '.join(sorted(one['name'] for one in servers))}"
    return 0, f"{node} has no instance"


def stay(nova: Any, node: str) -> str:
    """Let a compute take instances again, if `drain` stopped it."""
    own, _ = record(nova, node)
    if own is not None and (own.get("disabled_reason") or "").startswith(REASON):
        nova.send("PUT", f"/os-services/{own['id']}", {"status": "enabled"})
    return f"{node} takes instances"


def leave(nova: Any, node: str) -> str:
    """Delete the record of a compute."""
    own, _ = record(nova, node)
    if own is not None:
        nova.send("DELETE", f"/os-services/{own['id']}")
    return f"Nova knows no compute {node}"


def main() -> int:
    """Prints one line."""
    what, node, keystone, url, name, password = sys.argv[1:]
    account = Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        token = Identity(keystone, "/etc/nova/identity/ca.pem", TIMEOUT_SECONDS).log_in(account)
        nova = Identity(url, "/etc/nova/tls/ca.pem", TIMEOUT_SECONDS, token, {"OpenStack-API-Version": VERSION})
        if what == "drain":
            code, line = drain(nova, node, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()))
        else:
            code, line = 0, stay(nova, node) if what == "stay" else leave(nova, node)
    except IdentityError as error:
        code, line = 1, f"{error}|hacienda-verify nova keystone"
    print(line)  # noqa: T201 the calling script reads it
    return code


if __name__ == "__main__":
    sys.exit(main())
