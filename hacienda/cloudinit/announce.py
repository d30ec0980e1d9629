"""Announces this machine's addresses to its neighbours: a replaced machine has its predecessor's addresses, but other MACs.

The program is part of the user-data and runs beside cloud-init's first stages, with the standard library and iproute2 only. It
repeats announcements for half a minute, because a switch port or bond may not forward yet at boot (spanning tree, LACP).
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

PAUSES = (0, 1, 2, 4, 8, 16)
"""Seconds before each announcement."""

_BROADCAST = b"\xff" * 6
_ARP_REQUEST = bytes.fromhex("08060001080006040001")
"""EtherType; then Ethernet, IPv4, their lengths, request (RFC 826). A request with both addresses alike announces (RFC 5227)."""

_HOST = 32
"""An address of this prefix length is a virtual IP, whose holder keepalived chooses."""


def frame(hardware: str, address: str) -> bytes:
    """The Ethernet frame that announces an IPv4 address at a MAC address."""
    own, protocol = bytes.fromhex(hardware.replace(":", "")), socket.inet_aton(address)
    return _BROADCAST + own + _ARP_REQUEST + own + protocol + _BROADCAST + protocol


def announcements(links: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Interface and frame for each address of this machine's own.

    Args:
        links: output of `ip -json address`. Bonds and VLANs have addresses of their own and are Ethernet too.
    """
    for link in links:
        if link.get("link_type") != "ether" or "UP" not in link["flags"]:
            continue
        for entry in link["addr_info"]:
            if entry["family"] == "inet" and entry["scope"] == "global" and entry["prefixlen"] != _HOST:
                yield link["ifname"], frame(link["address"], entry["local"])


def main() -> None:
    """Announce all addresses after each pause; an interface that cannot send is tried again after the next one."""
    for pause in PAUSES:
        time.sleep(pause)
        shown = subprocess.run(["ip", "-json", "address"], capture_output=True, check=True).stdout
        for interface, announcement in announcements(json.loads(shown)):
            try:
                with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
                    wire.bind((interface, 0))
                    wire.send(announcement)
                print(f"announced {socket.inet_ntoa(announcement[-4:])} on {interface}")  # noqa: T201 - for the journal
            except OSError as error:
                print(f"{interface}: {error}")  # noqa: T201 - for the journal


if __name__ == "__main__":
    main()
