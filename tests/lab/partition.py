"""Cuts one machine off from its peers for a while, as a broken switch would: carrier stays, packets vanish."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.lab.cloud import Lab

TABLE = "hacienda_partition"

RULES = """
table bridge {table} {{
    set cut {{
        type ifname
        flags timeout
        elements = {{ "{interface}" timeout {seconds}s }}
    }}
    chain forward {{
        type filter hook forward priority 0
        iifname @cut drop
        oifname @cut drop
    }}
}}
"""
"""The bridge's own filter, between machines only: whoever works on this host reaches both sides, which is the nastier case.
The element expires by itself: a test that dies leaves no machine alone."""


@contextmanager
def cut_off(lab: Lab, node: str, seconds: int) -> Iterator[None]:
    """The node and its peers do not hear one another, for `seconds` at most."""
    (instance,) = json.loads(lab.incus("list", f"^{node}$", "--format", "json"))
    interface = instance["state"]["network"]["eth0"]["host_name"]
    rules = RULES.format(table=TABLE, interface=interface, seconds=seconds)
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "bridge", TABLE], check=True)


ANNOUNCE = """
import socket, subprocess, sys
address = socket.inet_aton(sys.argv[1])
device = subprocess.check_output(["ip", "-brief", "address", "show", "to", sys.argv[1]], text=True).split("@")[0].split()[0]
own = bytes.fromhex(open(f"/sys/class/net/{device}/address").read().strip().replace(":", ""))
everybody = b"\\xff" * 6
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind((device, 0))
wire.send(everybody + own + bytes.fromhex("08060001080006040001") + own + address + everybody + address)
"""
"""One gratuitous ARP request, as keepalived sends it (vrrp_arp.c)."""


def announce(lab: Lab, node: str, address: str) -> None:
    """The node tells everybody who hears it that it has the address: what a holder does once a minute.

    Raises:
        subprocess.CalledProcessError: it does not have it.
    """
    lab.on(node, "python3", "-", address, stdin=ANNOUNCE)


def order(lab: Lab, *commands: str) -> None:
    """Tell every load balancer something through its administrative socket."""
    for node in lab.running():
        said = _ask(lab, node, *commands)
        assert not said.strip(), f"{node}: {said}"


def _ask(lab: Lab, node: str, *commands: str) -> str:
    socket = "unix-connect:/run/haproxy/admin.sock"
    return lab.on(node, "socat", "-t", "2", "stdio", socket, stdin=";".join(commands) + "\n")


def writers(lab: Lab) -> tuple[dict[str, str], dict[str, set[str]]]:
    """By load balancer: the writer it would send a client to, and the servers its clients work with now."""
    chosen, used = {}, {}
    for node in lab.running():
        said = _ask(lab, node, "show table galera-mysql", "show stat -1 4 -1")
        chosen[node] = said.partition("server_key=")[2].split("\n")[0].strip()
        columns = [line.split(",") for line in said.splitlines() if line.startswith("galera-mysql,")]
        used[node] = {column[1] for column in columns if int(column[4])}
    return chosen, used
