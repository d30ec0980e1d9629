"""Ceph's OSDs: the daemons on storage machines that keep the data, one for each disk.

A real machine gives each OSD a blank disk of the declared size. A container has no disks, so its OSD is in a sparse file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ByteSize, Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    Account,
    Assumption,
    Instead,
    NoTimer,
    Port,
    Sandbox,
    Script,
    Service,
    ServiceOptions,
    Template,
    sandbox,
)
from hacienda.services.storage import cluster

GIB = 1024**3
CONFIGURATION = "/etc/ceph-osd/ceph.conf"
KEYRING = "/etc/ceph-osd/ceph.client.bootstrap-osd.keyring"
DISK = "osd"
"""Disks whose purpose begins with this word are OSDs: `{osd: 4TiB}`, `{osd-1: 4TiB, osd-2: 4TiB}`."""

CAPS = (
    (
        "mon",
        # Besides making OSDs, a machine gives the number of a dead OSD of its own to the one that takes its place. While its
        # daemons restart, the cluster does not move their data.
        "profile bootstrap-osd, allow command 'osd destroy-actual', allow command 'osd set-group' with flags=noout, "
        "allow command 'osd unset-group' with flags=noout",
    ),
    ("mgr", "allow command 'osd ok-to-stop', allow command 'pg ls-by-osd'"),
)
"""Rights of a storage machine."""


class CephOsdOptions(ServiceOptions):
    """Options of Ceph's OSDs."""

    file_size: ByteSize = Field(default=ByteSize(20 * GIB), ge=GIB)
    """Size of the sparse file that is the disk of an OSD in a container. Default: 20GiB. Real machines have disks."""


def disks(cloud: Cloud, node: Node) -> Mapping[str, int]:
    """The disks of a machine's OSDs: purpose -> bytes. In a container: one file."""
    if cloud.platform.containers:
        return {DISK: int(cloud.options_of(CephOsdOptions).file_size)}
    return {purpose: size for purpose, size in node.disks.items() if purpose.split("-")[0] == DISK}


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "address": cloud.address(node, "storage"),
        "monitor_hosts": cluster.monitor_hosts(cloud),
        "location": cluster.failure_domain(cloud).location(node),
        "secure": cluster.SECURE,
        "ports": service.port("osd"),
        "file_size": int(cloud.options_of(CephOsdOptions).file_size) if cloud.platform.containers else None,
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    share = cloud.shares(node).get(service.name)
    return {
        "disks": [f"{purpose}={size}" for purpose, size in disks(cloud, node).items()],
        "in_files": cloud.platform.containers,
        # Copies that may be away at a restart: none on a machine that holds none.
        "spare": share.copies - share.minimum if share else 0,
    }


service = Service(
    name="ceph-osd",
    title="Ceph's OSDs, which keep the data",
    roles=("storage",),
    choice="on request",
    requires=("storage cluster",),
    drained_by="storage cluster",
    packages=("ceph-osd", "ceph-common", "ceph-volume", "lvm2", "python3-rados"),
    data=("/var/lib/ceph",),
    units=("ceph-osd.target",),
    ports=(Port("osd", 6800, clients="internal", network="storage", last=7568),),
    files=(
        # OSDs that run have all of it already, or get it from the monitors.
        Template(CONFIGURATION, checker="ceph-conf", on_change="none"),
        Template(KEYRING, checker="ceph-authtool", mode=0o600, on_change="none"),
        Template("/etc/systemd/system/ceph-osd.target", checker="systemd-analyze", on_change="none"),
        Template("/etc/systemd/system/ceph-osd@.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    options=CephOsdOptions,
    accounts=(
        Account(
            "storage",
            "bootstrap-osd",
            caps=CAPS,
        ),
    ),
    timers=(NoTimer("client_mount_timeout", "its daemons wait for a monitor without an end"),),
    join=Script("join.sh"),
    verify=Script("verify.sh"),
    scripts=(
        Script("may-stop.sh"),
        Script("settled.sh"),
        Script("restart.py"),
        Script("osds.py"),
        Script("files.py"),
        Script("disks.py"),
        *cluster.SCRIPTS,
    ),
    sandboxes=(
        Sandbox(
            "ceph-osd@.service",
            ceiling=3.5,
            writes=cluster.WRITES,
            instead=(
                sandbox.ASKS_FOR_ADDRESSES,
                Instead("PrivateDevices", "", "its data is on a block device"),
            ),
        ),
    ),
    held=("ceph-.*",),
    assumptions=(
        Assumption("ceph-osd", "program", "/usr/bin/ceph-osd", reason="ceph-osd@.service starts it"),
        Assumption("ceph-base", "user", "ceph", reason="daemons run as that user, who owns their data"),
        Assumption("ceph-base", "group", "ceph", reason="daemons run as that group"),
        Assumption("ceph-base", "folder", "/var/lib/ceph", reason="all data is there"),
        Assumption("ceph-osd", "folder", "/var/lib/ceph/osd", reason="OSDs' folders are there"),
        Assumption("ceph-base", "folder", "/var/lib/ceph/bootstrap-osd", reason="ceph-volume looks for its key there"),
        Assumption("ceph-volume", "program", "/usr/sbin/ceph-volume", reason="it makes OSDs on disks"),
    ),
)
