"""chrony: the same time everywhere. TLS, tokens, Ceph's monitors and every log depend on it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Assumption, Instead, Port, Sandbox, Script, Service, Template

_LEAST_SOURCES = 4
"""Fewest sources with which the others outvote a wrong one (docs/reference.md#chrony)."""

LEAP_SECONDS = "/usr/share/zoneinfo/leap-seconds.list"
"""From tzdata. Debian 13 installs no package with the time zone right/UTC, which holds the same data."""


def _sources(servers: tuple[str, ...]) -> list[str]:
    """chrony's lines. An address is one server; a name may stand for many (pool.ntp.org), and `pool` also suits a single one."""
    each = max(2, _LEAST_SOURCES // max(1, len(servers)))
    return [
        f"server {server} iburst" if _is_address(server) else f"pool {server} iburst maxsources {each}"
        for server in servers
    ]


def _is_address(server: str) -> bool:
    try:
        ip_address(server)
    except ValueError:
        return False
    return True


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    controllers = cloud.role("controller")
    return {
        "sources": _sources(cloud.time_servers),
        "controllers": [cloud.address(one) for one in controllers if one.name != node.name],
        "is_controller": node.role == "controller",
        "management": cloud.management.cidr,
        "containers": cloud.platform.containers,
        "leap_seconds": LEAP_SECONDS,
    }


service = Service(
    name="chrony",
    title="The same time everywhere",
    roles=("every",),
    after=("host", "firewall"),
    packages=("chrony",),
    units=("chrony.service",),
    ports=(Port("ntp", 123, clients="internal", protocol="udp"),),
    files=(
        Template("/etc/chrony/chrony.conf", checker="chronyd"),
        Template("/etc/systemd/system/chrony.service", checker="systemd-analyze"),
    ),
    variables=_variables,
    sandboxes=(
        Sandbox(
            "chrony.service",
            ceiling=4.0,
            instead=(
                Instead("PrivateDevices", "", "it reads hardware clocks"),
                Instead("ProtectClock", "", "it sets the clock"),
                Instead("SystemCallFilter", "@system-service @clock", "it sets the clock"),
                Instead(
                    "CapabilityBoundingSet",
                    "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_IPC_LOCK CAP_NET_BIND_SERVICE "
                    "CAP_SETGID CAP_SETUID CAP_SYS_NICE CAP_SYS_RESOURCE CAP_SYS_TIME",
                    "it starts as root to open its port and set the clock",
                ),
            ),
        ),
    ),
    verify=Script("verify.sh"),
    assumptions=(
        Assumption("chrony", "program", "/usr/sbin/chronyd", reason="chrony.service starts it"),
        Assumption("chrony", "user", "_chrony", reason="it drops its privileges to that user"),
        Assumption("tzdata", "file", LEAP_SECONDS, reason="chronyd reads leap seconds from it"),
    ),
)
