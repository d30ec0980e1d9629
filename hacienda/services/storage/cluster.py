"""What a declaration says of the storage cluster: its machines, its monitors, its pools and its failure domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import NAMESPACE_DNS, uuid5

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Script

MONITOR_PORT = 3300
"""IANA's port of Ceph's monitors with the second version of the protocol, which can encrypt. The first version is off."""
COPIES = 3
"""Copies of each object, and the machines that they take (docs/reference.md#ceph)."""
IMAGES, VOLUMES, INSTANCES = "images", "volumes", "vms"
"""Names of the pools."""
POOLS = (IMAGES, VOLUMES, INSTANCES)
SECURE = tuple(f"ms_{which}_mode" for which in (
    "cluster", "service", "client", "mon_cluster", "mon_service", "mon_client"
))  # fmt: skip
"""Options with the modes that a connection may have. `secure` encrypts and authenticates every byte with AES-GCM."""
WRITES = ("/var/lib/ceph", "/var/log/ceph", "/run/ceph")
"""Folders that Ceph's daemons write to."""
SCRIPTS = tuple(Script(name, source=f"../storage/{name}") for name in ("monitors.py", "admin_socket.py"))
"""Modules with which scripts on a node ask the monitors, and a daemon of the same node."""
_BUCKETS: Mapping[str, str] = MappingProxyType({"zone": "zone", "power": "pdu", "rack": "rack", "host": "chassis"})
"""Kind of failure domain -> type of CRUSH's buckets, the largest domain first."""


@dataclass(frozen=True)
class FailureDomain:
    """What must not hold two copies of an object.

    Args:
        bucket: type of CRUSH's buckets; `host` is one machine.
        kind: kind of the environment's failure domain; empty: a machine.
    """

    bucket: str = "host"
    kind: str = ""

    def location(self, node: Node) -> str:
        """Place of a machine in CRUSH's tree."""
        above = f" {self.bucket}={node.domains[self.kind]}" if self.kind else ""
        return f"root=default{above} host={node.name}"


def machines(cloud: Cloud) -> tuple[Node, ...]:
    """Machines that hold data."""
    return cloud.role("storage")


def failure_domain(cloud: Cloud) -> FailureDomain:
    """The largest kind of failure domain of which every storage machine names one, with enough of them for all copies."""
    nodes, kept = machines(cloud), max(COPIES, cloud.copies("storage cluster"))
    for kind, bucket in _BUCKETS.items():
        named = [node.domains[kind] for node in nodes if kind in node.domains]
        if len(named) == len(nodes) and len(set(named)) >= kept:
            return FailureDomain(bucket, kind)
    return FailureDomain()


def domain(cloud: Cloud, node: Node) -> str:
    """The failure domain of a storage machine's copies."""
    kind = failure_domain(cloud).kind
    return node.domains[kind] if kind else node.name


def monitors(cloud: Cloud) -> tuple[Node, ...]:
    """Machines with a monitor; empty: the cloud has no storage cluster."""
    provider = cloud.provider("storage cluster")
    return cloud.members(provider.name) if provider else ()


def monitor_hosts(cloud: Cloud) -> str:
    """Value of `mon_host` for a client."""
    return ",".join(f"v2:{cloud.address(node)}:{MONITOR_PORT}/0" for node in monitors(cloud))


def secret_uuid(cloud: Cloud, user: str) -> str:
    """The name under which libvirt on every compute keeps a user's key."""
    return str(uuid5(NAMESPACE_DNS, f"{user}.storage.{cloud.domain}"))
