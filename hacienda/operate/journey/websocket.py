"""A client of WebSockets (RFC 6455) over TLS, as far as a graphical console needs one: binary messages, read as one stream."""

from __future__ import annotations

import base64
import hashlib
import http.client
import secrets
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from urllib.parse import urlsplit

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""Appended to a client's key before the server hashes it (RFC 6455, 1.3)."""

_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
"""Kinds of frames (RFC 6455, 5.2)."""

_LAST = 0x80
"""Bit of the first byte: the frame ends its message. Of the second: the frame is masked, as those of clients are."""


class RefusedError(Exception):
    """The server opens no WebSocket.

    Args:
        status: its status; 0: its answer is no answer to a WebSocket.
        what: what it said.
    """

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status
        self.what = what


class ClosedError(Exception):
    """The server closed the WebSocket.

    Args:
        code: the reason's number; 0: the connection ended without one.
        reason: the reason in words; empty: none was given.
    """

    def __init__(self, code: int = 0, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocket:
    """One open WebSocket.

    Args:
        connection: where the frames are written.
        reader: where they are read.
    """

    def __init__(self, connection: ssl.SSLSocket, reader: BinaryIO) -> None:
        self._connection = connection
        self._reader = reader
        self._received = b""

    def send(self, data: bytes) -> None:
        """Send one binary message of less than 126 bytes."""
        self._send(_BINARY, data)

    def receive(self, number: int) -> bytes:
        """The next bytes of the server's messages, regardless of where one ends.

        Raises:
            ClosedError: the server closed the WebSocket before.
            OSError: the connection failed, or stayed silent for its time-out.
        """
        while len(self._received) < number:
            self._received += self._message()
        found, self._received = self._received[:number], self._received[number:]
        return found

    def _send(self, kind: int, data: bytes) -> None:
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
        self._connection.sendall(bytes((_LAST | kind, _LAST | len(data))) + mask + masked)

    def _message(self) -> bytes:
        """What the next frame carries; empty for a frame that only controls the connection."""
        first, second = self._exactly(2)
        length = second & ~_LAST
        if length >= 126:
            (length,) = struct.unpack("!H" if length == 126 else "!Q", self._exactly(2 if length == 126 else 8))
        data = self._exactly(length)
        kind = first & 0x0F
        if kind == _CLOSE:
            raise ClosedError(int.from_bytes(data[:2], "big"), data[2:].decode("utf-8", "replace"))
        if kind == _PING:
            self._send(_PONG, data)
        return data if kind in (_CONTINUED, _TEXT, _BINARY) else b""

    def _exactly(self, number: int) -> bytes:
        found = self._reader.read(number)
        if len(found) < number:
            raise ClosedError
        return found


@contextmanager
def opened(url: str, address: str, context: ssl.SSLContext, seconds: float) -> Iterator[WebSocket]:
    """A WebSocket until the block ends.

    Args:
        url: `https://host:port/path?query`. The server's certificate has to name the host.
        address: where the host is.
        context: whom to trust.
        seconds: time-out of each step.

    Raises:
        RefusedError: the server answers something else.
        OSError: it does not answer, or its certificate is not valid (ssl.SSLError).
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    key = base64.b64encode(secrets.token_bytes(16))
    lines = [
        f"GET {parts.path or '/'}?{parts.query} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key.decode()}",
        # As a browser does from the page: the proxy refuses pages of others.
        f"Origin: https://{parts.netloc}",
    ]
    with (
        socket.create_connection((address, parts.port or 443), timeout=seconds) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
        secure.makefile("rb") as reader,
    ):
        secure.sendall("\r\n".join((*lines, "", "")).encode())
        _accepted(reader, key)
        yield WebSocket(secure, reader)


def _accepted(reader: BinaryIO, key: bytes) -> None:
    """Read the server's answer to the request for a WebSocket."""
    line = reader.readline(1024).decode("latin-1").strip()
    _, _, status = line.partition(" ")
    number = status.partition(" ")[0]
    if number != "101":
        raise RefusedError(int(number) if number.isdigit() else 0, status or line or "the connection ended")
    headers = http.client.parse_headers(reader)
    wanted = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
    if headers.get("Sec-WebSocket-Accept", "") != wanted:
        raise RefusedError(0, "its answer is for another request")
