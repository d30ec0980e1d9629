#!/usr/bin/python3
"""What a restart of this machine's OSDs asks of the cluster.

`restart.py may-stop MACHINE SPARE OSD...`: whether every placement group keeps enough copies without these OSDs. SPARE failure
domains may be absent at once. If the OSDs may stop, they stay `in` while they are down (noout).
`restart.py settled MACHINE HELD OSD...`: whether all placement groups of these OSDs are complete; the daemons hold HELD of them.
From now on the OSDs may be marked `out` again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

CONFIGURATION = "/etc/ceph-osd/ceph.conf"
KEYRING = "/etc/ceph-osd/ceph.client.bootstrap-osd.keyring"
FLAG = "noout"


def may_stop(cluster: Any, machine: str, spare: int, osds: Sequence[int]) -> str:
    """Why the OSDs must not stop now; empty: they may, and the cluster moves none of their data meanwhile.

    Args:
        cluster: the monitors.
        machine: its name in CRUSH's tree.
        spare: failure domains that may be absent at once. 0: each stop interrupts clients, so there is nothing to wait for.
        osds: numbers of its OSDs.
    """
    if spare > 0 and osds:
        found = cluster.ask_manager("osd ok-to-stop", ids=[str(number) for number in osds])
        if not found["ok_to_stop"]:
            bad = len(found.get("bad_become_inactive", ())) + len(found.get("bad_already_inactive", ()))
            return f"{bad} placement groups would have too few copies|ceph health detail on a controller"
    cluster.say("osd set-group", flags=FLAG, who=[machine])
    return ""


def settled(cluster: Any, machine: str, held: int, osds: Sequence[int]) -> str:
    """What the OSDs still lack; empty: nothing.

    The manager hears of a restart some seconds later, so a report counts only if it is not older than the OSD's start.

    Args:
        cluster: the monitors.
        machine: its name in CRUSH's tree.
        held: placement groups that the daemons hold.
        osds: numbers of its OSDs.
    """
    cluster.say("osd unset-group", flags=FLAG, who=[machine])
    started = {osd["osd"]: osd["up_from"] for osd in cluster.ask("osd dump")["osds"]}
    complete = [
        {"active", "clean"} <= set(group["state"].split("+")) and int(group["reported_epoch"]) >= started[number]
        for number in osds
        for group in cluster.ask_manager("pg ls-by-osd", osd=number).get("pg_stats", ())
    ]
    if len(complete) < held:
        return f"Ceph's manager knows of {len(complete)} of {held} placement groups|hacienda-verify ceph on the controllers"
    if not all(complete):
        return f"{complete.count(False)} of {len(complete)} placement groups are not complete|ceph health detail on a controller"
    return ""


def main() -> int:
    """0: yes. 1: no; the line says why."""
    from monitors import Monitors, MonitorsError

    what, machine, number, *osds = sys.argv[1:]
    asked = {"may-stop": may_stop, "settled": settled}[what]
    try:
        cluster = Monitors(CONFIGURATION, "client.bootstrap-osd", KEYRING)
        wrong = asked(cluster, machine, int(number), [int(osd) for osd in osds])
    except MonitorsError as error:
        wrong = f"{error}|hacienda-verify ceph on the controllers"
    print(wrong or "yes")  # noqa: T201 the calling script reads it
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
