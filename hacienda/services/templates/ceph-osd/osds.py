#!/usr/bin/python3
"""Makes the OSDs of this machine's declared disks, and prints the numbers of all of its OSDs, one a line.

It reads the facts DISKS (`purpose=bytes ...`) and IN_FILES, and HACIENDA_NODE. It can run twice.
"""

from __future__ import annotations

import os
import sys

CONFIGURATION = "/etc/ceph-osd/ceph.conf"
KEYRING = "/etc/ceph-osd/ceph.client.bootstrap-osd.keyring"


def main() -> int:
    """0: every declared disk has an OSD. 1: not; the last line says why, and what to do."""
    import disks
    import files
    from monitors import Monitors, MonitorsError

    node = os.environ["HACIENDA_NODE"]
    declared = {purpose: int(size) for purpose, _, size in (one.partition("=") for one in os.environ["DISKS"].split())}
    try:
        if os.environ["IN_FILES"] == "1":
            numbers = files.ensure(
                lambda: Monitors(CONFIGURATION, "client.bootstrap-osd", KEYRING), node, sorted(declared)
            )
        else:
            numbers = disks.ensure(lambda: Monitors(CONFIGURATION, "client.bootstrap-osd", KEYRING), node, declared)
    except (MonitorsError, files.OsdError) as error:
        print(f"{error}|hacienda-verify ceph on the controllers; journalctl -u hacienda-ceph-osd")  # noqa: T201
        return 1
    print("\n".join(map(str, numbers)))  # noqa: T201 the calling script reads it
    return 0


if __name__ == "__main__":
    sys.exit(main())
