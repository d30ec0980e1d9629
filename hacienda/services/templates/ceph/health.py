#!/usr/bin/python3
"""What Ceph reports of the whole cluster, in one line. Exit status 1: something is wrong, and the line says what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

HARMLESS = frozenset({"POOL_APP_NOT_ENABLED", "RECENT_CRASH", "TELEMETRY_CHANGED", "POOL_NO_REDUNDANCY"})
"""Reports that concern neither data nor clients."""
REMEDIES: Mapping[str, str] = {
    "MON_CLOCK_SKEW": "hacienda-verify chrony on the controllers",
    "OSD_NEARFULL": "add storage machines, or delete data; at 95 % Ceph stops all writes",
    "OSD_BACKFILLFULL": "add storage machines, or delete data; lost copies are not made again",
    "OSD_FULL": "add storage machines, or delete data: writes are stopped",
    "POOL_FULL": "add storage machines, or delete data: writes are stopped",
    "OSD_DOWN": "hacienda-verify ceph-osd on the storage machines; if a machine is gone for good: hacienda-leave MACHINE",
    "OSD_HOST_DOWN": "hacienda-verify ceph-osd on the storage machines; if a machine is gone for good: hacienda-leave MACHINE",
    "SLOW_OPS": "ceph health detail names the OSDs: their disks or networks are slow",
    "MON_DISK_LOW": "free space below /var/lib/ceph on the controller",
    "TOO_FEW_OSDS": "some storage machines have no OSD yet: hacienda-verify ceph-osd there",
}


def out(osds: Iterable[Mapping[str, Any]]) -> str:
    """What is wrong with OSDs that run and hold no data, as an interrupted drain leaves them; empty: there is none."""
    found = [str(one["osd"]) for one in osds if one["up"] and not one["in"]]
    if not found:
        return ""
    what = f"osd.{', osd.'.join(found)} run and are out, so they hold no data"
    return f"{what}|ceph osd in {' '.join(found)}; or delete their machine"


def verdict(health: Mapping[str, Any], osds: int = 1) -> tuple[bool, str]:
    """Whether all is well, and the line that says so or says what is wrong.

    Args:
        health: answer to `health`, as JSON.
        osds: number of OSDs that the cluster knows.
    """
    if osds == 0:
        # Controllers are deployed before storage machines, and wait for nothing of theirs.
        return True, "no storage machine has joined yet"
    checks = {
        code: check
        for code, check in health["checks"].items()
        if code not in HARMLESS and not check.get("muted", False)
    }
    if not checks:
        return True, "no fault"
    worst = sorted(checks, key=lambda code: (checks[code]["severity"] != "HEALTH_ERR", code not in REMEDIES, code))
    what = "; ".join(checks[code]["summary"]["message"] for code in worst)
    return False, f"{what}|{REMEDIES.get(worst[0], 'ceph health detail')}"


def main() -> int:
    """Prints the line."""
    from monitors import Monitors, MonitorsError

    try:
        monitors = Monitors("/etc/ceph/ceph.conf", "mon.", "/etc/ceph/founding.keyring")
        health = monitors.ask("health", detail="detail")
        osds = monitors.ask("osd dump")["osds"]
    except MonitorsError as error:
        print(f"{error}|journalctl -u ceph-mon")  # noqa: T201 the calling script reads it
        return 1
    well, line = verdict(health, len(osds))
    if well and (wrong := out(osds)):
        well, line = False, wrong
    print(line)  # noqa: T201 the calling script reads it
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
