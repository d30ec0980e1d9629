"""OSDs on the disks of a real machine, made by ceph-volume. Only disks that are blank and have a declared size are taken.

ceph-volume keeps an OSD's number and UUID on its disk, so a machine whose system was installed again has its OSDs back.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from files import OsdError, vacant

KEYRING = Path("/etc/ceph-osd/ceph.client.bootstrap-osd.keyring")
COPY = "cd /var/lib/ceph/bootstrap-osd; umask 077; cat >ceph.keyring.new; mv ceph.keyring.new ceph.keyring"
"""Puts the key where alone ceph-volume reads it, as the user who owns the folder."""
NEARLY = 0.02
"""Share by which a disk's size may differ from the declared one: vendors round."""
ENVIRONMENT = {"CEPH_CONF": "/etc/ceph-osd/ceph.conf", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


def blank(listing: Mapping[str, Any]) -> dict[str, int]:
    """Blank disks: path -> bytes. They have no partition, no file system, no other signature, and nobody uses them.

    Args:
        listing: answer of lsblk, as JSON.
    """
    return {
        device["path"]: int(device["size"])
        for device in listing["blockdevices"]
        if device["type"] == "disk"
        and not device.get("children")
        and not any(device.get(field) for field in ("fstype", "pttype", "ro", "rm"))
        and not any(device.get("mountpoints") or ())
    }


def chosen(declared: Mapping[str, int], present: Iterable[int], free: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Blank disks to make OSDs of, and the purposes of declared disks that no disk fits.

    Args:
        declared: purpose -> bytes.
        present: bytes of the disks that have an OSD.
        free: blank disks, path -> bytes.
    """
    had, left = list(present), dict(free)
    found: list[str] = []
    missing: list[str] = []
    for purpose, size in sorted(declared.items()):
        fits = next((own for own in had if abs(own - size) <= NEARLY * size), None)
        if fits is not None:
            had.remove(fits)
            continue
        path = next((path for path, own in sorted(left.items()) if abs(own - size) <= NEARLY * size), None)
        if path is None:
            missing.append(purpose)
        else:
            found.append(path)
            del left[path]
    return found, missing


def _output(*command: str) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=ENVIRONMENT)
    if done.returncode != 0:
        raise OsdError(f"{' '.join(command[:3])} failed with exit status {done.returncode}")
    return done.stdout


def _listing() -> Mapping[str, Any]:
    fields = "PATH,SIZE,TYPE,FSTYPE,PTTYPE,MOUNTPOINTS,RO,RM"
    found: Mapping[str, Any] = json.loads(_output("lsblk", "--json", "--bytes", "--output", fields))
    return found


def _volumes() -> dict[int, tuple[str, int]]:
    """OSDs on this machine's disks: number -> UUID, bytes."""
    found = json.loads(_output("ceph-volume", "lvm", "list", "--format", "json") or "{}")
    return {
        int(number): (volume["tags"]["ceph.osd_fsid"], int(volume["lv_size"]))
        for number, volumes in found.items()
        for volume in volumes
        if volume["type"] == "block"
    }


def ensure(connect: Callable[[], Any], node: str, declared: Mapping[str, int]) -> list[int]:
    """Numbers of this machine's OSDs, one for each declared disk that is there; activates them."""
    volumes = _volumes()
    take, missing = chosen(declared, (size for _, size in volumes.values()), blank(_listing()))
    if take:
        command = ["setpriv", "--reuid=ceph", "--regid=ceph", "--init-groups", "--", "bash", "-euc", COPY]
        subprocess.run(command, input=KEYRING.read_bytes(), check=True)
        cluster = connect()
        own = [name for name, _ in volumes.values()]
        free = vacant(cluster.ask("osd tree"), cluster.ask("osd dump"), node, own)
        for path in take:
            again = []
            if free:
                number = free.pop(0)
                # Its predecessor may have stopped in the middle of a restart.
                cluster.say("osd unset-group", flags="noout", who=[node])
                cluster.say("osd destroy-actual", id=number, yes_i_really_mean_it=True)
                again = ["--osd-id", str(number)]
            _output("ceph-volume", "lvm", "prepare", "--bluestore", "--data", path, "--no-systemd", *again)
    if missing:
        print(f"no blank disk has the size of {', '.join(missing)}", file=sys.stderr)  # noqa: T201 for the journal
    _output("ceph-volume", "lvm", "activate", "--all", "--no-systemd")
    return sorted(_volumes())
