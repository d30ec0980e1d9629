"""Makes one thing wrong with a machine, without disturbing its services, and mends it again."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hacienda import lab as host
from tests.lab.cloud import Lab

ROOM = 32 * 2**20
"""Bytes that are left to a machine whose disk is as good as full: its daemons still write, etcd's next log would not fit."""

_SINCE_1900 = 2208988800
"""Seconds between NTP's beginning of time and the kernel's (RFC 5905)."""


def _beside_the_daemon(*command: str) -> str:
    """Runs a command where the lab's daemon has its pool mounted; its standard output."""
    answer = subprocess.run(
        ["incus", "query", "/1.0"], env={"INCUS_DIR": str(host.socket_path().parent), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pid = str(json.loads(answer.stdout)["environment"]["server_pid"])
    done = subprocess.run(
        ["nsenter", f"--target={pid}", "--mount", *command], capture_output=True, text=True, check=True
    )
    return done.stdout


@contextmanager
def little_room(lab: Lab, node: str, room: int = ROOM) -> Iterator[None]:
    """The machine's disk takes no more than `room` bytes: a quota of its pool, as a full disk refuses what is written."""
    pool = str(host.socket_path().parent / "storage-pools" / host.Lab().pool)
    disk = f"{pool}/containers/{lab.project}_{node}"
    _beside_the_daemon("btrfs", "quota", "enable", pool)
    try:
        _beside_the_daemon("btrfs", "quota", "rescan", "-w", pool)
        used = json.loads(_beside_the_daemon("btrfs", "--format", "json", "qgroup", "show", "--raw", "-F", disk))
        size = int(used["qgroup-show"][0]["referenced"]) + room
        _beside_the_daemon("btrfs", "qgroup", "limit", str(size), disk)
        yield
    finally:
        _beside_the_daemon("btrfs", "quota", "disable", pool)


@contextmanager
def stopped(lab: Lab, node: str, unit: str) -> Iterator[None]:
    """One daemon does not run."""
    lab.on(node, "systemctl", "stop", unit)
    try:
        yield
    finally:
        lab.on(node, "systemctl", "start", unit)


@contextmanager
def expired(lab: Lab, node: str, path: str) -> Iterator[None]:
    """A certificate's file holds one that expired three days ago; a daemon that has read the right one keeps it."""
    right = lab.on(node, "cat", path)
    lab.on(node, "tee", path, stdin=_expired())
    try:
        yield
    finally:
        lab.on(node, "tee", path, stdin=right)


def _expired() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expired")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=9)).not_valid_after(now - timedelta(days=3))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@contextmanager
def wrong_clock(lab: Lab, node: str, ahead: float) -> Iterator[None]:
    """chronyd on the machine follows a time server, on this host, by which the machine's clock is wrong by so many seconds.

    The clock itself is the host's, which nobody may set.
    """
    server = f"{lab.vip.rpartition('.')[0]}.1"
    with _time_server(server, ahead):
        # The others are set aside: three that agree would outvote it.
        sources = [line.split(",")[2] for line in lab.on(node, "chronyc", "-n", "-c", "sources").splitlines()]
        for source in sources:
            lab.on(node, "chronyc", "delete", source)
        lab.on(node, "chronyc", "local", "off")
        lab.on(node, "chronyc", "add", "server", server, "iburst", "minpoll", "-2", "maxpoll", "0", "trust")
        try:
            deadline = time.monotonic() + 30
            while f"{ahead:.0f}." not in lab.on(node, "chronyc", "-n", "-c", "tracking"):
                assert time.monotonic() < deadline, lab.on(node, "chronyc", "-n", "sources")
                time.sleep(0.5)
            yield
        finally:
            lab.on(node, "systemctl", "restart", "chrony")


@contextmanager
def _time_server(address: str, ahead: float) -> Iterator[None]:
    """An NTP server (version 4, stratum 1) that is ahead of this host's clock."""
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.bind((address, 123))
    wire.settimeout(0.2)
    ended = threading.Event()

    def stamp() -> bytes:
        now = time.time() + ahead + _SINCE_1900
        return struct.pack("!II", int(now), int(now % 1 * 2**32))

    def serve() -> None:
        while not ended.is_set():
            try:
                asked, client = wire.recvfrom(512)
            except TimeoutError:
                continue
            received = stamp()
            head = struct.pack("!BBBbII4s", 4 << 3 | 4, 1, asked[2], -20, 0, 0, b"TEST")
            wire.sendto(head + received + asked[40:48] + received + stamp(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        wire.close()
