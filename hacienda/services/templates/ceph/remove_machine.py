#!/usr/bin/python3
"""Removes the OSDs of a machine that is gone for good from the cluster. Argument: the machine's name.

Only OSDs that are down are removed. Ceph copies their data from the machines that are left.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def below(tree: Mapping[str, Any], machine: str) -> tuple[list[int], list[str]]:
    """OSDs of a machine in CRUSH's tree, and those of them that are up.

    Args:
        tree: answer to `osd tree`, as JSON.
        machine: name of the machine.
    """
    nodes = {node["id"]: node for node in tree["nodes"]}
    hosts = [node for node in nodes.values() if node["type"] == "host" and node["name"] == machine]
    found = [nodes[child] for host in hosts for child in host["children"]]
    return sorted(osd["id"] for osd in found), sorted(osd["name"] for osd in found if osd["status"] == "up")


def main() -> int:
    """0: the machine has no OSD in the cluster any more."""
    from monitors import Monitors, MonitorsError

    (machine,) = sys.argv[1:]
    try:
        cluster = Monitors("/etc/ceph/ceph.conf", "mon.", "/etc/ceph/founding.keyring")
        numbers, running = below(cluster.ask("osd tree"), machine)
        if running:
            print(f"{', '.join(running)} of {machine} still run: stop the machine first")  # noqa: T201 the calling script reads it
            return 1
        for number in numbers:
            cluster.say("osd purge-actual", id=number, yes_i_really_mean_it=True)
            print(f"removed osd.{number} of {machine}")  # noqa: T201 the calling script reads it
        if numbers:
            cluster.say("osd crush rm", name=machine)
    except MonitorsError as error:
        print(error)  # noqa: T201 the calling script reads it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
