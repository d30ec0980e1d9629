"""Asks the kernel's nftables what becomes of packets: run in a network namespace of its own, as root.

`python kernel.py NFT FOLDER`: FOLDER has `rules` (nftables.conf) and `packets` (JSON, one list each). A packet comes in through a
TUN device, a stray one through another that no route leads to, and its fate is read off counters in a copy of the rules: no
listener and no client is needed.
Prints a JSON list: `accept`, `reject` or `drop` for each packet.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sites.nftables import Packet

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 1, 0x1000
_NUMBERS = {"tcp": 6, "udp": 17, "vrrp": 112}


def written(packet: Packet) -> list[Any]:
    """A packet as this program reads it."""
    return [str(packet.source), str(packet.destination), packet.protocol, packet.port, packet.stray, packet.ttl]


def _checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~int(total + (total >> 16)) & 0xFFFF


def _bytes(source: str, destination: str, protocol: str, port: int, sender: int, ttl: int) -> bytes:
    """An IPv4 packet that opens a connection: a SYN, or an empty datagram or advertisement."""
    ends = socket.inet_aton(source) + socket.inet_aton(destination)
    if protocol == "tcp":
        inner = struct.pack("!HHIIBBHHH", sender, port, 1, 0, 5 << 4, 2, 1024, 0, 0)
    elif protocol == "udp":
        inner = struct.pack("!HHHH", sender, port, 8, 0)
    else:
        inner = bytes(20)
    pseudo = ends + struct.pack("!BBH", 0, _NUMBERS[protocol], len(inner)) + inner
    place = 6 if protocol == "udp" else 16
    inner = inner[:place] + struct.pack("!H", _checksum(pseudo)) + inner[place + 2 :]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(inner), 0, 0, ttl, _NUMBERS[protocol], 0) + ends
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + inner


def _counted(text: str) -> str:
    """The rules with a counter before each verdict, and no limit of log lines."""
    text = re.sub(r"^ +limit rate .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r" accept( comment| *$)", r" counter name accepted accept\1", text, flags=re.MULTILINE)
    text = re.sub(r" reject( with tcp reset)? *$", r" counter name rejected reject\1", text, flags=re.MULTILINE)
    return text.replace(
        "    counter refused {",
        "    counter accepted {\n    }\n    counter rejected {\n    }\n    counter refused {",
        1,
    )


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _counters(nft: str) -> dict[str, int]:
    listed = json.loads(_run(nft, "--json", "list", "counters"))["nftables"]
    return {one["counter"]["name"]: one["counter"]["packets"] for one in listed if "counter" in one}


def _device(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    _run("ip", "link", "set", name, "up")
    return device


def main(nft: str, folder: Path) -> None:
    """Inject each packet and say what became of it."""
    packets = json.loads((folder / "packets").read_text())
    (folder / "counted").write_text(_counted((folder / "rules").read_text()))
    devices = [_device("outside"), _device("stray")]
    for address in sorted({packet[1] for packet in packets}):
        _run("ip", "address", "add", f"{address}/32", "dev", "outside")
    _run("ip", "route", "add", "default", "dev", "outside")
    _run(nft, "-f", str(folder / "counted"))
    answers = []
    before = _counters(nft)
    for number, (source, destination, protocol, port, stray, ttl) in enumerate(packets):
        os.write(devices[stray], _bytes(source, destination, protocol, port, 1024 + number, ttl))
        for _ in range(100):
            after = _counters(nft)
            if after != before:
                break
            time.sleep(0.01)
        grown = {name for name in after if after[name] > before[name]}
        answers.append(
            "accept" if "accepted" in grown else "reject" if "rejected" in grown else "drop" if grown else "nothing"
        )
        before = after
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
