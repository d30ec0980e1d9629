"""memcached: the cache. Each node has its own, and clients name all of them. Losing one costs cache misses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ByteSize, Field

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Assumption, Instead, Limit, Port, Sandbox, Script, Service, ServiceOptions, Template

MIB = 1024 * 1024
CONFIGURATION = "/etc/memcached.conf"


class MemcachedOptions(ServiceOptions):
    """Options of memcached."""

    memory: ByteSize | None = None
    """Memory for items, per node. Default: 5 % of the machine's memory, 64MiB to 1GiB; 64MiB where it is not declared."""
    max_connections: int = Field(default=4096, ge=64, le=65536)
    """Client connections per node."""


def item_memory(options: MemcachedOptions, node: Node) -> int:
    """Bytes for items on a node."""
    if options.memory is not None:
        return int(options.memory)
    return max(64 * MIB, min(1024 * MIB, (node.memory or 0) * 5 // 100))


def _megabytes(cloud: Cloud, node: Node) -> int:
    return item_memory(cloud.options_of(MemcachedOptions), node) // MIB


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "address": cloud.address(node),
        "port": service.port("memcache").number,
        "megabytes": _megabytes(cloud, node),
    }


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {"cache_port": service.port("memcache").number}


service = Service(
    name="memcached",
    title="memcached, the cache",
    roles=("controller",),
    provides=("cache",),
    packages=("memcached",),
    units=("memcached.service",),
    ports=(Port("memcache", 11211, clients="users"),),
    files=(
        Template(CONFIGURATION, checker="memcached"),
        Template("/etc/systemd/system/memcached.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    facts=_facts,
    options=MemcachedOptions,
    limits=(
        Limit("memory", lambda cloud, node: _megabytes(cloud, node) * MIB, CONFIGURATION, "memory"),
        Limit(
            "connections",
            lambda cloud, node: cloud.options_of(MemcachedOptions).max_connections,
            CONFIGURATION,
            "max_connections",
        ),
    ),
    sandboxes=(
        Sandbox(
            "memcached.service",
            ceiling=3.0,
            instead=(
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_SETGID CAP_SETUID CAP_SYS_RESOURCE",
                    "it starts as root and drops its privileges",
                ),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    assumptions=(
        Assumption("memcached", "program", "/usr/bin/memcached", reason="memcached.service starts it"),
        Assumption("memcached", "user", "memcache", reason="it drops its privileges to that user"),
    ),
)
