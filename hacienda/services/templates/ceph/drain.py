#!/usr/bin/python3
"""Moves the data of a storage machine to the others, a step at a time.

`drain.py drain MACHINE` ends with 0 when the machine's OSDs hold nothing that is needed, with 75 while their data moves, with 1 if
it cannot move. `drain.py stay MACHINE` undoes it. `drain.py check MACHINE` only checks whether all data keeps enough copies without
the machine, as while another one takes its place.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

POOLS = Path("/etc/ceph/pools.json")
AT_WORK = 75
NEARFULL = 0.85
"""Part of a disk that data may fill: Ceph's mon_osd_nearfull_ratio."""


def domains(tree: Mapping[str, Any], bucket: str) -> dict[int, str]:
    """OSD -> the failure domain above it in CRUSH's tree. `bucket` is the type of failure domains."""
    nodes = {node["id"]: node for node in tree["nodes"]}

    def below(number: int) -> Iterator[int]:
        for child in nodes[number].get("children", ()):
            yield from [child] if nodes[child]["type"] == "osd" else below(child)

    return {osd: node["name"] for node in nodes.values() if node["type"] == bucket for osd in below(node["id"])}


def hindrance(cluster: Any, machine: str, osds: Collection[int], bucket: str) -> str:
    """Why the data of these OSDs has no place elsewhere; empty: it has one."""
    dump, disks = cluster.ask("osd dump"), cluster.ask_manager("osd df")["nodes"]
    size = max((pool["size"] for pool in dump["pools"]), default=0)
    usable = {osd["osd"] for osd in dump["osds"] if osd["up"] and osd["in"]} - set(osds)
    above = domains(cluster.ask("osd tree"), bucket)
    left = {above[osd] for osd in usable if osd in above}
    if len(left) < size:
        kind = "machines" if bucket == "host" else f"failure domains ({bucket})"
        return (
            f"each object has {size} copies, and without {machine} only {len(left)} {kind} could hold them"
            "|add a storage machine first; or apply the controllers first: they lower the copies to the declared machines"
        )
    used = sum(disk["kb_used_data"] for disk in disks if disk["id"] in osds)
    free = sum(max(0, NEARFULL * disk["kb"] - disk["kb_used"]) for disk in disks if disk["id"] in usable)
    if used > free:
        return (
            f"{machine} holds {used / 2**20:.0f} GiB, and the others have room for {max(0, free) / 2**20:.0f} GiB"
            "|add storage machines first, or delete data"
        )
    return ""


def drain(cluster: Any, machine: str, osds: Collection[int], bucket: str) -> tuple[int, str]:
    """One step: exit status, and the line that says what is left."""
    if not osds:
        return 0, f"{machine} has no OSD in the cluster"
    numbers = [str(osd) for osd in sorted(osds)]
    inside = [osd["osd"] for osd in cluster.ask("osd dump")["osds"] if osd["osd"] in osds and osd["in"]]
    if inside:
        wrong = hindrance(cluster, machine, osds, bucket)
        if wrong:
            return 1, wrong
        cluster.say("osd out", ids=numbers)
        return AT_WORK, f"its OSDs {', '.join(numbers)} are out: their data moves to the other machines"
    stat = cluster.ask_manager("pg stat")["pg_summary"]
    states = [(set(one["name"].split("+")), one["num"]) for one in stat["num_pg_by_state"]]
    clean = sum(count for state, count in states if {"active", "clean"} <= state)
    # Ceph calls an OSD safe to destroy as soon as no placement group is mapped to it, while copies are still made (seen with 18.2).
    safe = cluster.ask_manager("osd safe-to-destroy", ids=numbers)["safe_to_destroy"]
    if clean == stat["num_pgs"] and len(safe) == len(numbers):
        return 0, f"its OSDs {', '.join(numbers)} hold nothing that is needed"
    off = sum(count for state, count in states if {"down", "incomplete"} & state)
    stopped = f"; {off} need data of a machine that is off: start it" if off else ""
    return AT_WORK, f"{stat['num_pgs'] - clean} of {stat['num_pgs']} placement groups still move{stopped}"


def check(cluster: Any, machine: str, osds: Collection[int]) -> tuple[int, str]:
    """Whether every placement group keeps enough copies while these OSDs are away: exit status, and the line that says so."""
    spare = min((pool["size"] - pool["min_size"] for pool in cluster.ask("osd dump")["pools"]), default=0)
    if not osds or spare < 1:
        # Without a spare copy clients always wait for the new machine, so there is nothing to wait for.
        return 0, f"nothing waits for {machine}"
    found = cluster.ask_manager("osd ok-to-stop", ids=[str(osd) for osd in sorted(osds)])
    if found["ok_to_stop"]:
        return 0, f"all data keeps enough copies without {machine}"
    short = len(found.get("bad_become_inactive", ())) + len(found.get("bad_already_inactive", ()))
    return (
        1,
        f"without {machine}, {short} placement groups have too few copies|wait until their copies are made: ceph status",
    )


def main() -> int:
    """Prints one line."""
    from monitors import Monitors, MonitorsError
    from remove_machine import below

    what, machine = sys.argv[1:]
    try:
        cluster = Monitors("/etc/ceph/ceph.conf", "mon.", "/etc/ceph/founding.keyring")
        osds, _ = below(cluster.ask("osd tree"), machine)
        if what == "stay":
            if osds:
                cluster.say("osd in", ids=[str(osd) for osd in osds])
            code, line = 0, f"{machine} holds data again"
        elif what == "check":
            code, line = check(cluster, machine, osds)
        else:
            code, line = drain(cluster, machine, osds, json.loads(POOLS.read_text())["failure_domain"])
    except MonitorsError as error:
        code, line = 1, f"{error}|hacienda-verify ceph on the controllers"
    print(line)  # noqa: T201 the calling script reads it
    return code


if __name__ == "__main__":
    sys.exit(main())
