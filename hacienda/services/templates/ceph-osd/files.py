"""OSDs whose disk is a sparse file, for containers.

An OSD's identity, its UUID and its key, is on this machine's disk before the cluster hears of it. So an interrupted run continues
with the same OSD.
"""

from __future__ import annotations

import base64
import json
import os
import struct
import subprocess
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/hacienda/ceph-osd")
FOLDER = 'cd /var/lib/ceph/osd; rm -rf "ceph-$0"; umask 077; mkdir "ceph-$0"; cat >"ceph-$0/keyring"'
"""Makes an OSD's folder with its key, as the user who owns the folder around it. The argument is the number."""
KEY_BYTES = 16
AES = 1
"""Number of the only kind of key that Ceph 18 has (include/ceph_fs.h)."""


class OsdError(Exception):
    """An OSD could not be made."""


def new_key() -> str:
    """A key for cephx: kind, time and length, then the key itself."""
    now = time.time_ns()
    head = struct.pack("<HIIH", AES, now // 10**9, now % 10**9, KEY_BYTES)
    return base64.b64encode(head + os.urandom(KEY_BYTES)).decode()


def store(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file that only root can read, all of it or nothing."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(content))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def identity(path: Path) -> dict[str, Any]:
    """UUID and key of an OSD, made at the first call, and its number once its disk is made."""
    if not path.exists():
        store(path, {"uuid": str(uuid.uuid4()), "key": new_key()})
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def vacant(tree: Mapping[str, Any], dump: Mapping[str, Any], node: str, own: Collection[str]) -> list[int]:
    """Numbers of OSDs that this machine's name has in the cluster and that do not run: a dead machine of the same name had them.

    Args:
        tree: answer to `osd tree`, as JSON.
        dump: answer to `osd dump`, as JSON.
        node: name of this machine.
        own: UUIDs of the OSDs that this machine has.
    """
    here = {
        child for host in tree["nodes"] if (host["type"], host["name"]) == ("host", node) for child in host["children"]
    }
    return sorted(osd["osd"] for osd in dump["osds"] if osd["osd"] in here and not osd["up"] and osd["uuid"] not in own)


def known(dump: Mapping[str, Any], name: str) -> int | None:
    """Number of the OSD with this UUID; None: the cluster does not know it."""
    return next((int(osd["osd"]) for osd in dump["osds"] if osd["uuid"] == name), None)


def register(cluster: Any, node: str, one: Mapping[str, Any], own: Collection[str]) -> int:
    """Number of the OSD with this identity, which the cluster knows afterwards."""
    dump = cluster.ask("osd dump")
    number = known(dump, one["uuid"])
    wanted: dict[str, Any] = {}
    if number is None:
        free = vacant(cluster.ask("osd tree"), dump, node, own)
        if free:
            # Its predecessor may have stopped in the middle of a restart.
            cluster.say("osd unset-group", flags="noout", who=[node])
            cluster.say("osd destroy-actual", id=free[0], yes_i_really_mean_it=True)
            wanted = {"id": free[0]}
    else:
        wanted = {"id": number}
    answer = cluster.ask("osd new", json.dumps({"cephx_secret": one["key"]}).encode(), uuid=one["uuid"], **wanted)
    return int(answer["osdid"])


def run_as_ceph(*command: str, text: str = "") -> None:
    """Run a command as the user who owns the OSDs' folders."""
    whole = ["setpriv", "--reuid=ceph", "--regid=ceph", "--init-groups", "--", *command]
    done = subprocess.run(whole, input=text, text=True, stdout=2, check=False)
    if done.returncode != 0:
        raise OsdError(f"{command[0]} failed with exit status {done.returncode}")


def make(number: int, one: Mapping[str, Any]) -> None:
    """Make folder, key and file of an OSD. What an interrupted run left is made again: it holds no data."""
    keyring = f"[osd.{number}]\nkey = {one['key']}\n"
    run_as_ceph("bash", "-euc", FOLDER, str(number), text=keyring)
    program = ("/usr/bin/ceph-osd", "--conf", "/etc/ceph-osd/ceph.conf", "--id", str(number))
    run_as_ceph(*program, "--mkfs", "--osd-uuid", one["uuid"], "--log-to-stderr=false", "--err-to-stderr=true")


def ensure(connect: Callable[[], Any], node: str, disks: Iterable[str]) -> list[int]:
    """Numbers of this machine's OSDs, one for each disk. A machine whose OSDs are made asks nobody.

    Args:
        connect: connects to the monitors.
        node: name of this machine.
        disks: purposes of the declared disks.
    """
    paths = {disk: STATE / f"{disk}.json" for disk in disks}
    identities = {disk: identity(path) for disk, path in paths.items()}
    own = {one["uuid"] for one in identities.values()}
    for disk, one in identities.items():
        if "number" not in one:
            number = register(connect(), node, one, own)
            make(number, one)
            identities[disk] = {**one, "number": number}
            store(paths[disk], identities[disk])
    return sorted(int(one["number"]) for one in identities.values())
