"""Ceph: the storage cluster that images, volumes and the disks of instances are in. Its monitors and managers run on controllers.

The storage machines run `ceph-osd`. Monitors need no first one: each makes the same monitor map from the declaration, and the keys
are made before any machine starts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ByteSize, Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import (
    AccountKind,
    Assumption,
    Instead,
    Limit,
    NodeFile,
    Port,
    Redundancy,
    Sandbox,
    Script,
    Secret,
    Service,
    ServiceOptions,
    Template,
    Timer,
    sandbox,
)
from hacienda.services.storage import cluster

MIB = 1024 * 1024
CONFIGURATION = "/etc/ceph/ceph.conf"
CENTRAL = "/etc/ceph/central.conf"
LEAST_ADJUSTED = 896 * MIB
"""Least `osd_memory_target` that Ceph accepts."""
OSD_WITHOUT_CACHE = 240 * MIB
"""Memory of a small OSD without its cache."""


class CephOptions(ServiceOptions):
    """Options of Ceph."""

    copies: int | None = Field(default=None, ge=1, le=7)
    """Copies of each object, each on another machine. Default: 3, or as many as there are storage machines."""
    placement_groups: int = Field(default=32, ge=1, le=4096)
    """Least placement groups of each pool, and their number at first. Ceph's autoscaler raises it later. Default: 32."""
    heartbeat_grace: int = Field(default=12, ge=5, le=60)
    """Seconds of silence after which its peers report an OSD as dead. Writes to its placement groups wait for that long.
    Default: 12; Ceph's own 20 leaves little of a client's 30 seconds."""
    down_out_seconds: int = Field(default=600, ge=60, le=86400)
    """Seconds after which Ceph copies the data of a dead OSD to other machines. Default: 600, which a reboot does not take."""
    monitor_memory: ByteSize = Field(default=ByteSize(1024 * MIB), ge=512 * MIB)
    """Memory that a monitor aims to use. Default: 1GiB."""
    osd_memory: ByteSize = Field(default=ByteSize(4096 * MIB), ge=256 * MIB)
    """Memory that an OSD aims to use. Default: 4GiB. Below 896 MiB, the least for Ceph's own
    adjustment, its cache has a fixed size."""


def _options(cloud: Cloud) -> CephOptions:
    return cloud.options_of(CephOptions)


def copies(cloud: Cloud) -> int:
    """Copies of each object."""
    return _options(cloud).copies or min(cluster.COPIES, max(1, len(cluster.machines(cloud))))


def least(cloud: Cloud) -> int:
    """Copies that must be written before a write is acknowledged. With fewer, Ceph stops the writes and loses nothing."""
    return min(2, copies(cloud))


def osd_cache(options: CephOptions) -> int | None:
    """Bytes of an OSD's cache where Ceph does not adjust it; None: it does."""
    return None if options.osd_memory >= LEAST_ADJUSTED else max(16 * MIB, int(options.osd_memory) - OSD_WITHOUT_CACHE)


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "address": cloud.address(node),
        "monitors": cluster.monitors(cloud),
        "port": cluster.MONITOR_PORT,
        "manager_ports": service.port("manager"),
        "secure": cluster.SECURE,
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"monitor_port": cluster.MONITOR_PORT}


def central(cloud: Cloud) -> Mapping[str, Mapping[str, object]]:
    """Options that the cluster keeps and gives to every daemon while it runs: section -> name -> value."""
    options = _options(cloud)
    cache = osd_cache(options)
    osd: dict[str, object] = {"osd_memory_target": int(options.osd_memory)}
    if cache is not None:
        osd = {"bluestore_cache_autotune": "false", "bluestore_cache_size": cache}
    if cloud.platform.containers:
        # OSDs in files share one disk: what a benchmark of each measures is another one's.
        osd["osd_mclock_skip_benchmark"] = "true"
    return {
        "global": {
            "auth_allow_insecure_global_id_reclaim": "false",
            "osd_pool_default_size": copies(cloud),
            "osd_pool_default_min_size": least(cloud),
            # Monitors and OSDs must judge silence by the same value.
            "osd_heartbeat_grace": options.heartbeat_grace,
            **{
                name: service.timed(name)
                for name in ("osd_heartbeat_interval", "osd_mon_report_interval", "mon_osd_min_down_reporters")
            },
            **({"mon_allow_pool_size_one": "true"} if copies(cloud) == 1 else {}),
        },
        "osd": osd,
    }


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """What the reconcile script gives to the cluster."""
    sections = (
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in found.items())
        for section, found in central(cloud).items()
    )
    pools = {
        "pools": cluster.POOLS,
        "size": copies(cloud),
        "min_size": least(cloud),
        "pg_num": _options(cloud).placement_groups,
        "failure_domain": cluster.failure_domain(cloud).bucket,
    }
    return (
        NodeFile(CENTRAL, "\n".join(sections), checker="ceph-conf"),
        NodeFile("/etc/ceph/pools.json", json.dumps(pools, sort_keys=True) + "\n", checker="json"),
    )


service = Service(
    name="ceph",
    title="Ceph, the storage cluster",
    roles=("controller",),
    choice="on request",
    requires=("coordination",),
    serves_without=("coordination",),
    provides=("storage cluster",),
    hands_out=(AccountKind("storage", takes=("caps",), secret="ceph-key"),),  # noqa: S106 a kind of secret
    voters=True,
    redundancy=(
        Redundancy(
            "volumes",
            copies=copies,
            minimum=2,
            option="copies",
            held_by="ceph-osd",
            domain=cluster.domain,
            remade_after=lambda cloud: _options(cloud).down_out_seconds,
        ),
    ),
    packages=("ceph-mon", "ceph-mgr", "ceph-common", "python3-rados"),
    data=("/var/lib/ceph",),
    units=("ceph-mon.service", "ceph-mgr.service"),
    ports=(
        Port("monitor", cluster.MONITOR_PORT, clients="internal"),
        Port("manager", 6790, clients="internal", last=6799),
    ),
    files=(
        Template(CONFIGURATION, checker="ceph-conf", group="ceph", mode=0o640),
        # Monitors read it only when they are made.
        Template("/etc/ceph/founding.keyring", checker="ceph-authtool", group="ceph", mode=0o640, on_change="none"),
        Template("/etc/ceph/ceph.client.admin.keyring", checker="ceph-authtool", mode=0o600, on_change="none"),
        Template("/usr/lib/hacienda/ceph/manager/bcrypt.py", checker="python"),
        Template("/etc/systemd/system/ceph-mon.service", checker="systemd-analyze"),
        Template("/etc/systemd/system/ceph-mgr.service", checker="systemd-analyze"),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    options=CephOptions,
    secrets=(
        Secret("ceph/fsid", kind="uuid"),
        Secret("ceph/monitor", kind="ceph-monitor-key"),
        Secret("ceph/admin", kind="ceph-key", reconciled=True),
    ),
    timers=(
        Timer(
            "osd_heartbeat_grace", lambda cloud, node: _options(cloud).heartbeat_grace, CONFIGURATION, "heartbeat_grace"
        ),
        Timer(
            "mon_osd_down_out_interval",
            lambda cloud, node: _options(cloud).down_out_seconds,
            CONFIGURATION,
            "down_out_seconds",
        ),
        Timer("osd_heartbeat_interval", 3, CENTRAL),
        Timer("osd_mon_report_interval", 5, CENTRAL),
        Timer("mon_osd_min_down_reporters", 2, CENTRAL),
        Timer("mon_lease", 5, CONFIGURATION),
        Timer("mon_election_timeout", 5, CONFIGURATION),
    ),
    limits=(Limit("memory", lambda cloud, node: int(_options(cloud).monitor_memory), CONFIGURATION, "monitor_memory"),),
    bootstrap=Script("bootstrap.sh"),
    join=Script("join.sh"),
    reconcile=Script("reconcile.py"),
    verify=Script("verify.sh"),
    leave=Script("leave.sh"),
    scripts=(
        Script("common.sh"),
        Script("manager-key.sh"),
        Script("may-stop.sh"),
        Script("health.py"),
        Script("remove_machine.py"),
        Script("drain.py"),
        *cluster.SCRIPTS,
    ),
    sandboxes=(
        Sandbox(
            "ceph-mon.service",
            ceiling=2.5,
            writes=cluster.WRITES,
            instead=(sandbox.ASKS_FOR_ADDRESSES,),
        ),
        Sandbox(
            "ceph-mgr.service",
            ceiling=2.7,
            writes=cluster.WRITES,
            instead=(
                sandbox.ASKS_FOR_ADDRESSES,
                Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),
            ),
        ),
    ),
    held=("ceph-.*",),
    assumptions=(
        Assumption("ceph-mon", "program", "/usr/bin/ceph-mon", reason="ceph-mon.service starts it"),
        Assumption("ceph-mgr", "program", "/usr/bin/ceph-mgr", reason="ceph-mgr.service starts it"),
        Assumption("ceph-base", "user", "ceph", reason="daemons run as that user, who owns their data"),
        Assumption("ceph-base", "group", "ceph", reason="the group may read the monitors' keys"),
        Assumption("ceph-base", "folder", "/var/lib/ceph", reason="all data is there"),
        Assumption("ceph-mon", "folder", "/var/lib/ceph/mon", reason="monitors' data is there"),
        Assumption("ceph-mgr", "folder", "/var/lib/ceph/mgr", reason="managers' keys are there"),
        Assumption("ceph-base", "program", "/usr/bin/monmaptool", reason="it makes the map of the first monitors"),
        Assumption("ceph-common", "program", "/usr/bin/ceph", reason="the operator's command, which pages name"),
        Assumption("ceph-common", "program", "/usr/bin/ceph-authtool", reason="validation reads keyrings with it"),
    ),
)
