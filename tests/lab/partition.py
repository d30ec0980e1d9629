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


def writers(lab: Lab) -> tuple[dict[str, str], dict[str, set[str]]]:
    """By load balancer: the writer it would send a client to, and the servers its clients work with now."""
    chosen, used = {}, {}
    for node in lab.running():
        commands = "show table galera-mysql;show stat -1 4 -1"
        said = lab.on(node, "socat", "-t", "2", "stdio", "unix-connect:/run/haproxy/admin.sock", stdin=f"{commands}\n")
        chosen[node] = said.partition("server_key=")[2].split("\n")[0].strip()
        columns = [line.split(",") for line in said.splitlines() if line.startswith("galera-mysql,")]
        used[node] = {column[1] for column in columns if int(column[4])}
    return chosen, used
