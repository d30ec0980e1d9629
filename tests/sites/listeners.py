"""Where the rendered files have each service listen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address

from hacienda.cloudinit.rendered import RenderedFile

BOUND: Mapping[tuple[str, str], tuple[str, str]] = {
    ("etcd", "client"): ("/etc/default/etcd", r"^ETCD_LISTEN_CLIENT_URLS=https://([\d.]+):(\d+)$"),
    ("etcd", "peer"): ("/etc/default/etcd", r"^ETCD_LISTEN_PEER_URLS=https://([\d.]+):(\d+)$"),
    ("galera", "mysql"): ("/etc/mysql/mariadb.conf.d/90-hacienda.cnf", r"^bind_address = ([\d.]+)()$"),
    ("galera", "check"): ("/etc/systemd/system/galera-check.socket", r"^ListenStream=([\d.]+):(\d+)$"),
    ("galera", "replication"): (
        "/etc/mysql/mariadb.conf.d/90-hacienda.cnf",
        r"gmcast\.listen_addr=ssl://([\d.]+):(\d+);",
    ),
    ("haproxy", "statistics"): ("/etc/haproxy/haproxy.cfg", r"^    bind ([\d.]+):(\d+)"),
    ("haproxy", "writer-table"): ("/etc/haproxy/haproxy.cfg", r"^    bind ([\d.]+):(\d+)"),
    ("memcached", "memcache"): ("/etc/memcached.conf", r"^-l ([\d.]+)()$"),
    ("nova", "metadata"): ("/etc/nova/metadata.ini", r"^https-socket = ([\d.]+):(\d+),"),
    ("rabbitmq", "amqps"): ("/etc/rabbitmq/rabbitmq.conf", r"^listeners\.ssl\.default = ([\d.]+):(\d+)$"),
    ("rabbitmq", "epmd"): ("/etc/systemd/system/epmd.socket", r"^ListenStream=([\d.]+):(\d+)$"),
    ("keepalived", "vrrp"): ("/etc/keepalived/keepalived.conf", r"^    unicast_src_ip ([\d.]+)()$"),
}
"""Service and port -> file, and a pattern with address and port; an empty port: the daemon's default, the declared one. A port
that is not listed is written in one of the service's own files."""

EVERYWHERE = {
    ("host", "ssh"),
    ("chrony", "ntp"),
    ("galera", "ist"),
    ("galera", "sst"),
    ("rabbitmq", "distribution"),
    ("nova-compute", "migration"),
    ("ovn-chassis", "geneve"),
}
"""Ports whose daemons listen on all addresses: sshd, chronyd, the receiving side of a state transfer, Erlang's distribution, QEMU
while a guest arrives, and tunnels, which the switch or the kernel ends."""

_UWSGI = r"^https-socket = ([\d.]+):(\d+),"
"""In the file of every API under uWSGI."""

_FRONT = re.compile(r"^    bind ([\d.]+):(\d+)", re.MULTILINE)


def listens(files: Mapping[str, RenderedFile], service: str, port: str, number: int, address: IPv4Address) -> bool:
    """Whether a machine with these files answers at an address: the service itself, or a front end of HAProxy there.

    Raises:
        KeyError: nothing here says where the program listens that stands for the service on this machine.
    """
    if "/etc/haproxy/haproxy.cfg" in files:
        fronts = _FRONT.findall(files["/etc/haproxy/haproxy.cfg"].text)
        if (str(address), str(number)) in fronts:
            return True
    if (service, port) in EVERYWHERE:
        return True
    if (service, port) not in BOUND and f"/etc/{service}/uwsgi.ini" not in files:
        return any(re.search(rf"\b{number}\b", file.text) for file in files.values() if file.service == service)
    path, pattern = BOUND.get((service, port), (f"/etc/{service}/uwsgi.ini", _UWSGI))
    if path not in files:
        path, pattern = _ARBITER[service, port]
    found = re.findall(pattern, files[path].text, flags=re.MULTILINE)
    return any(host == str(address) and bound in ("", str(number)) for host, bound in found)


_ARBITER = {("galera", "replication"): ("/etc/garbd/garbd.cnf", r"gmcast\.listen_addr=ssl://([\d.]+):(\d+)")}
"""The same on arbiters, where another program stands for the service."""
