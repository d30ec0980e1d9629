#!/usr/bin/python3
"""Opens a console with a token that nobody has, and prints what the proxy says. It looks the token up in the database.

Arguments: address and port of the proxy, the authority of its certificate. Unless the proxy refuses the token, the exit code is 1
and the output is `what is wrong|what to do`.
"""

from __future__ import annotations

import socket
import ssl
import sys

SECONDS = 15
"""Patience: longer than a failover of the database, which a lookup waits for."""
REFUSED = 1008
"""Close code of a WebSocket with which the proxy refuses a token."""
REQUEST = (
    "GET /?token=hacienda-verify HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aGFjaWVuZGEtdmVyaWZ5IQ==\r\n\r\n"
)


def problem(answer: bytes) -> str:
    """What is wrong; empty: the proxy has opened the WebSocket, and closed it because it does not know the token."""
    head, _, frames = answer.partition(b"\r\n\r\n")
    status = head.partition(b"\r\n")[0].decode("ascii", "replace")
    if " 101 " not in f"{status} ":
        return f"the proxy opens no WebSocket: {status or 'no answer'}"
    # A frame of a server: its kind, its length (less than 126), and what it has. That of the kind "close" begins with a code.
    if len(frames) < 4 or frames[0] != 0x88:
        return "the proxy ends a console without saying why"
    code = int.from_bytes(frames[2:4], "big")
    said = frames[4 : 2 + frames[1]].decode("utf-8", "replace")
    return "" if code == REFUSED else f"the proxy cannot look a token up: {said}"


def ask(address: str, port: int, authority: str) -> str:
    """What is wrong with the proxy; empty: nothing."""
    context = ssl.create_default_context(cafile=authority)
    answer = b""
    try:
        with (
            socket.create_connection((address, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address) as secure,
        ):
            secure.sendall(REQUEST.format(f"{address}:{port}").encode())
            while part := secure.recv(4096):
                answer += part
                if len(answer.partition(b"\r\n\r\n")[2]) >= 4:
                    break
    except TimeoutError:
        if answer:
            return f"the proxy has not looked a token up after {SECONDS} s: the database does not answer"
        return f"the proxy does not answer within {SECONDS} s"
    except OSError as error:
        if not answer:
            return f"the proxy does not answer: {error}"
    return problem(answer)


if __name__ == "__main__":
    if found := ask(sys.argv[1], int(sys.argv[2]), sys.argv[3]):
        print(f"{found}|journalctl -u nova-console on this node; hacienda-verify galera haproxy")  # noqa: T201
        sys.exit(1)
