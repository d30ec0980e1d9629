#!/usr/bin/python3
"""What Nova does with a compute that leaves. Arguments: `drain`, `stay` or `leave`, the compute's name, Keystone's URL, Nova's URL,
and the files with the present name and the password of Nova's user. The last one is 1 if instances have their disks in a storage
cluster, else empty.

drain: one step. The exit status is 0 when the compute has no instance, 75 while instances move, 1 if one cannot move. What runs
moves while it runs. What is shut off moves without its disks, and the move is confirmed, because Nova waits for that.
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
"""States of an instance that moves while it runs (nova/compute/api.py, `live_migrate`)."""
STOPPED = "SHUTOFF"
"""State of an instance that moves while it does not run (nova/compute/api.py, `resize`)."""
MOVING = frozenset({"MIGRATING", "RESIZE"})
"""States of an instance that moves, alive or stopped."""
COLD = "migration"
"""Type of the migration of an instance that does not run. One that changes its flavor is a `resize`."""
UNCONFIRMED = "finished"
"""Status of a migration of these types that waits for a confirmation. The instance is on the other compute already."""
ENDED = frozenset({"confirmed", "reverted", "error", "failed", "completed", "cancelled", "done"})
"""Statuses of migrations that are over (nova/db/main/api.py). As long as there are others, Nova deletes no record of a compute."""
FAILED = frozenset({"error", "failed"})
REMEDIES = {
    STOPPED: "start what is SHUTOFF: its disks are on the compute, and move while it runs",
    "SUSPENDED": "`openstack server resume`",
    "RESCUE": "`openstack server unrescue`",
    "VERIFY_RESIZE": "`openstack server resize confirm`, or `revert`",
    "SHELVED": "`openstack server unshelve`",
    "SOFT_DELETED": "`openstack server restore`",
    "ERROR": "find out what is wrong with what is in ERROR, then `openstack server set --state active`",
}
"""How an instance gets into a state in which it can move."""
OTHER = "wait until Nova has done what it does with them"


def record(nova: Any, node: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Nova's record of a compute, or None, and those of all others."""
    found: list[dict[str, Any]] = nova.get("/os-services?binary=nova-compute")["services"]
    own = next((one for one in found if one["host"] == node), None)
    return own, [one for one in found if one is not own]


def instances(nova: Any, node: str) -> list[dict[str, Any]]:
    """Instances on a compute, of all projects."""
    found: list[dict[str, Any]] = nova.get(f"/servers/detail?all_tenants=1&host={node}")["servers"]
    return found


def migrations(nova: Any, node: str) -> list[dict[str, Any]]:
    """Migrations away from a compute: the latest 1,000, Nova's limit of an answer."""
    found: list[dict[str, Any]] = nova.get(f"/os-migrations?source_compute={node}")["migrations"]
    return found


def named(servers: Iterable[Mapping[str, Any]]) -> str:
    """Instances, each with its state."""
    return ", ".join(sorted(f"{one['name']} ({one['id']}, {one['status']})" for one in servers))


def hindrance(
    own: Mapping[str, Any], others: Iterable[Mapping[str, Any]], servers: Iterable[Mapping[str, Any]], shared: bool
) -> str:
    """Why these instances cannot move; empty: they can, or there is none.

    Args:
        own: Nova's record of the compute.
        others: records of the other computes.
        servers: the instances.
        shared: their disks are in a storage cluster.
    """
    listed = list(servers)
    if not listed:
        return ""
    if own["state"] != "up":
        what = f"{own['host']} does not run and has instances: {named(listed)}"
        return f"{what}|start it; or `openstack server evacuate` or delete them"
    movable = LIVE | MOVING | ({STOPPED} if shared else set())
    stuck = [one for one in listed if one["status"] not in movable]
    if stuck:
        remedies = dict.fromkeys(REMEDIES.get(one["status"], OTHER) for one in stuck)
        return f"instances cannot be moved in their state: {named(stuck)}|{'; '.join(remedies)}; or delete them"
    if not any(one["state"] == "up" and one["status"] == "enabled" for one in others):
        what = f"no other compute runs and takes instances: {named(listed)}"
        return f"{what}|add or start a compute, or delete the instances"
    return ""


def undecided(node: str, moved: Iterable[Mapping[str, Any]]) -> str:
    """Resizes away from the compute that only their tenants may confirm or revert, as a fault; empty: none."""
    waiting = sorted(
        one["instance_uuid"] for one in moved if one["status"] == UNCONFIRMED and one["migration_type"] != COLD
    )
    if not waiting:
        return ""
    what = f"instances that were resized away from {node} wait for a decision: {', '.join(waiting)}"
    return f"{what}|`openstack server resize confirm`, or `revert`"


def failed(moved: Iterable[Mapping[str, Any]], since: str, servers: Iterable[Mapping[str, Any]]) -> list[str]:
    """Instances whose latest migration from the compute began after that time and failed."""
    names = {one["id"]: one["name"] for one in servers}
    newest: dict[str, Mapping[str, Any]] = {}
    for one in sorted(moved, key=lambda each: str(each["created_at"])):
        if one["created_at"] >= since:
            newest[one["instance_uuid"]] = one
    broken = [identifier for identifier, one in newest.items() if one["status"] in FAILED]
    return sorted(f"{names[one]} ({one})" if one in names else one for one in broken)


def move(nova: Any, server: Mapping[str, Any]) -> None:
    """Begin to move an instance, unless Nova is at work on it."""
    if server["OS-EXT-STS:task_state"]:
        return
    if server["status"] in LIVE:
        action: dict[str, Any] = {"os-migrateLive": {"host": None, "block_migration": "auto"}}
    elif server["status"] == STOPPED:
        action = {"migrate": None}
    else:
        return
    nova.send("POST", f"/servers/{server['id']}/action", action)


def confirm(nova: Any, instance: str) -> str:
    """Confirm that an instance stays where it was moved to. Returns why Nova refuses; empty: it does not."""
    try:
        nova.send("POST", f"/servers/{instance}/action", {"confirmResize": None})
    except IdentityError as error:
        # Nova ends the migration a moment before the instance has the state in which it can be confirmed.
        if not error.refused:
            raise
        return f" ({error})"
    return ""


def drain(nova: Any, node: str, now: str, shared: bool) -> tuple[int, str]:
    """One step: exit status and the line that says what is left.

    Args:
        now: the time in UTC, as Nova writes it.
        shared: disks of instances are in a storage cluster.
    """
    own, others = record(nova, node)
    if own is None:
        return 0, f"Nova does not know a compute {node}"
    servers, moved = instances(nova, node), migrations(nova, node)
    wrong = hindrance(own, others, servers, shared) or undecided(node, moved)
    if wrong:
        return 1, wrong
    reason = own.get("disabled_reason") or ""
    if not reason.startswith(REASON):
        nova.send("PUT", f"/os-services/{own['id']}", {"status": "disabled", "disabled_reason": f"{REASON}{now}"})
        # An instance that is being built here appears in a moment.
        return AT_WORK, f"{node} takes no instance any more"
    since = reason.removeprefix(REASON)
    broken = failed(moved, since, servers)
    if broken:
        what = f"the migration of {', '.join(broken)} failed"
        return (
            1,
            f"{what}|`openstack server show` has the fault, or journalctl -u nova-compute on {node}; then apply again",
        )
    for one in servers:
        move(nova, one)
    left = [one["name"] for one in servers]
    here = {one["id"] for one in servers}
    for one in moved:
        if one["migration_type"] != COLD or one["status"] in ENDED or one["instance_uuid"] in here:
            continue
        if one["status"] == UNCONFIRMED:
            left.append(f"{one['instance_uuid']}{confirm(nova, one['instance_uuid'])}")
        elif one["created_at"] >= since:
            left.append(one["instance_uuid"])
    if left:
        return AT_WORK, f"{len(left)} instances still move: {', '.join(sorted(left))}"
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
    what, node, keystone, url, name, password, shared = sys.argv[1:]
    account = Account(Path(name).read_text().strip(), Path(password), "service")
    try:
        token = Identity(keystone, "/etc/nova/identity/ca.pem", TIMEOUT_SECONDS).log_in(account)
        nova = Identity(url, "/etc/nova/tls/ca.pem", TIMEOUT_SECONDS, token, {"OpenStack-API-Version": VERSION})
        if what == "drain":
            code, line = drain(nova, node, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()), bool(shared))
        else:
            code, line = 0, stay(nova, node) if what == "stay" else leave(nova, node)
    except IdentityError as error:
        code, line = 1, f"{error}|hacienda-verify nova keystone"
    print(line)  # noqa: T201 the calling script reads it
    return code


if __name__ == "__main__":
    sys.exit(main())
