"""Host: names, kernel settings and a strict sshd, which every machine needs before other services start."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from hacienda.cloud import routes
from hacienda.cloud.model import SUITES, Cloud, Node
from hacienda.declare import Assumption, NodeFile, Port, Script, Service, Template, Timer

APT_SOURCES = "/etc/apt/hacienda.sources"
APT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
"""Debian's own keys: a mirror carries the archive's signatures."""
UPGRADES = "/etc/apt/apt.conf.d/91hacienda-upgrades"
SYSCTL = "/etc/sysctl.d/60-hacienda.conf"

_KEEP = "/etc/systemd/network/hacienda.conf"
_KEEP_TEXT = """\
# join.sh links this file into the drop-in folder of each interface that may hold a virtual IP. When networkd starts or
# reconfigures an interface, it removes every address that it did not set, those of keepalived included.
[Network]
KeepConfiguration=static
"""


def _names(cloud: Cloud, node: Node) -> list[tuple[IPv4Address, str]]:
    """Addresses and names of /etc/hosts: the node, every machine that votes, the virtual IPs.

    Machines that do not vote are left out, so that a new compute changes no other machine's file.
    """
    listed = {node.name: node} | {other.name: other for other in cloud.voting}
    machines = [(cloud.address(one), f"{cloud.fqdn(one)} {one.name}") for one in listed.values()]
    return sorted(machines) + [
        (vip.address, " ".join((*vip.hostnames, *cloud.own_names(vip)))) for vip in cloud.virtual_ips
    ]


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    patterns, units, _ = _held(cloud, node)
    return {
        "names": _names(cloud, node),
        "holds_virtual_ips": "haproxy" in node.services,
        "containers": cloud.platform.containers,
        "symmetric": routes.symmetric(cloud, node),
        "held": patterns,
        "held_units": units,
    }


_FIRST_TABLE = 5001
"""Routing table of answers through the first network's router; 5000 is the table of static routes. The kernel's own tables
are below 256, and VPNs customarily use their port or mark."""


def _routes(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    """Static routes as `to=router`, and `network=router=table` for each network with a router that is not the default one."""
    numbers = {network.name: number for number, network in enumerate(cloud.networks, _FIRST_TABLE)}
    return {
        "static_routes": [f"{route.to}={route.via}" for _, route in routes.static(cloud, node)],
        "routes_back": [f"{one.cidr}={one.gateway}={numbers[one.name]}" for one in routes.back(cloud, node)],
    }


def _held(cloud: Cloud, node: Node) -> tuple[list[str], list[str], list[str]]:
    """What must not restart unattended on this node: packages as regular expressions, units, and names of the services."""
    held = [service for service in cloud.running(node) if service.held]
    patterns = sorted(f"^{name}$" for service in held for name in service.held)
    return (
        patterns,
        sorted(unit for service in held for unit in service.units),
        sorted(service.name for service in held),
    )


def _beside_virtual_ips(cloud: Cloud, node: Node) -> tuple[IPv4Address, ...]:
    """The node's own addresses on the interfaces that may hold a virtual IP."""
    if "keepalived" not in node.services:
        return ()
    return tuple(sorted({node.addresses.get(vip.network, cloud.address(node)) for vip in cloud.virtual_ips}))


def _facts(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    patterns, _, services = _held(cloud, node)
    return {
        "beside_virtual_ips": _beside_virtual_ips(cloud, node),
        "keep": _KEEP,
        "held": patterns,
        "held_services": services,
        **_routes(cloud, node),
    }


def _node_files(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    keep = (NodeFile(_KEEP, _KEEP_TEXT, checker="networkd"),) if _beside_virtual_ips(cloud, node) else ()
    return (*_resolver(cloud), *keep, *_apt(cloud))


def _resolver(cloud: Cloud) -> tuple[NodeFile, ...]:
    """/etc/resolv.conf, where the environment declares name servers; otherwise the machine keeps its own."""
    if not cloud.name_servers:
        return ()
    lines = [f"search {cloud.domain}", *(f"nameserver {server}" for server in cloud.name_servers)]
    lines.append("options timeout:1 attempts:2")
    return (NodeFile("/etc/resolv.conf", "\n".join(lines) + "\n", checker="resolver"),)


def _apt(cloud: Cloud) -> tuple[NodeFile, ...]:
    """apt's proxy and sources, where the environment declares them. apt then leaves the machine's own sources unread."""
    declared, files = cloud.package_sources, []
    schemes = ("http", "https") if declared.proxy else ()
    settings = [f'Acquire::{scheme}::Proxy "{declared.proxy}";' for scheme in schemes]
    if declared.mirror is not None:
        settings += [f'Dir::Etc::SourceList "{APT_SOURCES}";', 'Dir::Etc::SourceParts "/dev/null";']
        suite = SUITES[cloud.operating_system]
        parts = ((declared.mirror, f"{suite} {suite}-updates"), (declared.security, f"{suite}-security"))
        stanzas = (
            f"Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\nSigned-By: {APT_KEYRING}\n"
            for uri, suites in parts
        )
        files.append(NodeFile(APT_SOURCES, "\n".join(stanzas), checker="apt-sources"))
    if settings:
        files.append(NodeFile("/etc/apt/apt.conf.d/90hacienda", "\n".join(settings) + "\n", checker="apt-config"))
    return tuple(files)


ORDERED_BY = (
    "local-fs.target",
    "multi-user.target",
    "network-online.target",
    "network-pre.target",
    "network.target",
    "shutdown.target",
    "sockets.target",
)


service = Service(
    name="host",
    title="Names, kernel settings and SSH of a machine",
    roles=("every",),
    provides=("operating system",),
    packages=("openssh-server", "iproute2", "iputils-ping", "curl", "jq"),
    ports=(Port("ssh", 22, clients="operator"),),
    files=(
        Template("/etc/hosts", checker="hosts", on_change="none"),
        Template(SYSCTL, checker="sysctl", source="sysctl.conf.j2"),
        Template("/etc/systemd/journald.conf.d/60-hacienda.conf", checker="journald", source="journald.conf.j2"),
        Template(UPGRADES, checker="apt-config", source="upgrades.conf.j2", on_change="none"),
        Template(
            "/etc/needrestart/conf.d/90-hacienda.conf",
            checker="needrestart",
            source="needrestart.conf.j2",
            on_change="none",
        ),
        Template("/etc/ssh/sshd_config.d/60-hacienda.conf", checker="sshd", source="sshd.conf.j2", mode=0o600),
    ),
    node_files=_node_files,
    variables=_variables,
    facts=_facts,
    timers=(
        Timer("tcp_retries2", 6, SYSCTL),
        Timer("tcp_keepalive_time", 30, SYSCTL),
        Timer("tcp_keepalive_intvl", 10, SYSCTL),
        Timer("tcp_keepalive_probes", 3, SYSCTL),
    ),
    join=Script("join.sh"),
    verify=Script("verify.sh"),
    scripts=(Script("routes.sh"),),
    assumptions=(
        Assumption("openssh-server", "unit", "ssh.service", reason="sshd reads a changed configuration through it"),
        Assumption(
            "openssh-server",
            "line",
            "/etc/ssh/sshd_config",
            r"^\s*Include /etc/ssh/sshd_config\.d/\*\.conf",
            reason="sshd reads that folder through it",
        ),
        Assumption(
            "libc-bin",
            "line",
            "/etc/nsswitch.conf",
            r"^hosts:.*\bfiles\b",
            reason="the node resolves names from /etc/hosts",
        ),
        Assumption("debian-archive-keyring", "file", APT_KEYRING, reason="apt verifies a declared mirror with it"),
        Assumption("bash", "program", "/bin/bash", reason="scripts run in it"),
        Assumption("dash", "program", "/bin/sh", reason="units start some programs through it"),
        Assumption("coreutils", "program", "/bin/cp", reason="units copy with it what a daemon may change"),
        Assumption("coreutils", "program", "/bin/rm", reason="units remove with it what the last run left"),
        Assumption("coreutils", "program", "/bin/true", reason="units with nothing to reload call it"),
        Assumption("procps", "program", "/bin/kill", reason="units reload daemons with it"),
        Assumption("python3", "program", "/usr/bin/python3", reason="programs run in it"),
        Assumption("systemd", "program", "/usr/bin/systemctl", reason="units start others with it"),
        Assumption(
            "systemd",
            "answer",
            "systemctl --version",
            r"^systemd (25[2-9]|2[6-9]\d|[3-9]\d\d)\b",
            reason="units use features of version 252 (Debian 12's)",
        ),
        *(Assumption("systemd", "unit", name, reason="units are ordered by it") for name in ORDERED_BY),
        Assumption("systemd", "unit", "systemd-journald.service", reason="it reads changed limits of the journal"),
        Assumption("systemd", "unit", "systemd-networkd.service", reason="where it runs, it must keep virtual IPs"),
    ),
)
