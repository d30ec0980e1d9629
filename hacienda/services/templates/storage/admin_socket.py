#!/usr/bin/python3
"""Asks a daemon of Ceph on this node, over its socket. Arguments: the socket and the command. Prints JSON.

It needs no quorum and no key. Ceph's own tool does the same and takes a second to start.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from typing import Any

SECONDS = 5.0


def _exactly(connection: socket.socket, length: int) -> bytes:
    read = b""
    while len(read) < length:
        part = connection.recv(length - len(read))
        if not part:
            raise OSError("the daemon closed the connection")
        read += part
    return read


def ask(path: str, command: str) -> Any:
    """The daemon's answer.

    Raises:
        OSError: it does not answer.
        ValueError: it answers no JSON.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(path)
        connection.sendall(json.dumps({"prefix": command, "format": "json"}).encode() + b"\0")
        (length,) = struct.unpack(">I", _exactly(connection, 4))
        return json.loads(_exactly(connection, length))


def main() -> int:
    """Prints the answer and returns 0, or prints the error and returns 1."""
    path, command = sys.argv[1:]
    try:
        print(json.dumps(ask(path, command)))  # noqa: T201 the calling script reads it
    except (OSError, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)  # noqa: T201 the calling script reads it
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
