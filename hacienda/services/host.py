"""Host: what every machine needs before anything else runs on it: names, kernel settings, a strict sshd."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import NodeFile, Port, Script, Service, Template, Timer

SYSCTL = "/etc/sysctl.d/60-hacienda.conf"


def _names(cloud: Cloud, node: Node) -> list[tuple[IPv4Address, str]]:
    """Addresses and names of /etc/hosts: the node, every machine that votes, the virtual IPs.

    Machines that do not vote are left out, so that a new compute changes nobody else's file.
    """
    listed = {node.name: node} | {other.name: other for other in cloud.voting}
    machines = [(cloud.address(one), f"{cloud.fqdn(one)} {one.name}") for one in listed.values()]
    return sorted(machines) + [(vip.address, vip.hostname) for vip in cloud.virtual_ips]


def _variables(cloud: Cloud, node: Node) -> Mapping[str, Any]:
    return {
        "names": _names(cloud, node),
        "holds_virtual_ips": "haproxy" in node.services,
        "containers": cloud.platform.containers,
    }


def _resolver(cloud: Cloud, node: Node) -> tuple[NodeFile, ...]:
    """/etc/resolv.conf, where the environment names name servers; otherwise the machine's own stays as it is."""
    if not cloud.name_servers:
        return ()
    lines = [f"search {cloud.domain}", *(f"nameserver {server}" for server in cloud.name_servers)]
    lines.append("options timeout:1 attempts:2")
    return (NodeFile("/etc/resolv.conf", "\n".join(lines) + "\n", checker="resolver"),)


service = Service(
    name="host",
    title="Names, kernel settings and SSH of a machine",
    role="every",
    packages=("openssh-server", "iproute2", "curl", "jq"),
    ports=(Port("ssh", 22, clients="operator"),),
    files=(
        Template("/etc/hosts", checker="hosts", on_change="none"),
        Template(SYSCTL, checker="sysctl", source="sysctl.conf.j2"),
        Template("/etc/ssh/sshd_config.d/60-hacienda.conf", checker="sshd", source="sshd.conf.j2", mode=0o600),
    ),
    node_files=_resolver,
    variables=_variables,
    timers=(
        Timer("tcp_retries2", SYSCTL, r"^net\.ipv4\.tcp_retries2 = (\d+)", "count", default=15),
        Timer("tcp_keepalive_time", SYSCTL, r"^net\.ipv4\.tcp_keepalive_time = (\d+)", default=7200),
        Timer("tcp_keepalive_intvl", SYSCTL, r"^net\.ipv4\.tcp_keepalive_intvl = (\d+)", default=75),
        Timer("tcp_keepalive_probes", SYSCTL, r"^net\.ipv4\.tcp_keepalive_probes = (\d+)", "count", default=9),
    ),
    join=Script("join.sh"),
    verify=Script("verify.sh"),
)
