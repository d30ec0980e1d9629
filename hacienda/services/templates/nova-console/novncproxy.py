#!/usr/bin/python3
"""Starts Nova's noVNC proxy, which then verifies each guest's certificate and says why a console ends.

Nova 31 calls `ssl.wrap_socket` for TLS to a guest. Python 3.12 removed that function. eventlet puts its own there, which takes any
certificate for valid. Here it is one that verifies the certificate and the address in it.
"""

from __future__ import annotations

# Before anything else: it patches the standard library for greenlets.
from nova.cmd import novncproxy  # isort: skip

import contextlib
import ssl
import sys
from typing import Any

from nova import exception
from nova.console import websocketproxy
from oslo_log import log

LEAVING = 1001
"""Close code of a WebSocket (RFC 6455, 7.4.1): the server ends."""
REFUSED = 1008
"""Close code: the client may not do this."""
FAILED = 1011
"""Close code: the server failed."""

HANDLER = websocketproxy.NovaProxyRequestHandler
"""Serves one browser's connection. Its methods are replaced, and not the class: they find the class by its name."""
_connect = HANDLER.new_websocket_client
_close = HANDLER.send_close


def verified(sock: Any, keyfile: str, certfile: str, ca_certs: str, **_: Any) -> Any:
    """TLS to a guest's VNC server, over a connection to its compute.

    Raises:
        ssl.SSLError: its certificate is not of that authority, or names another address.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(ca_certs)
    context.load_cert_chain(certfile, keyfile)
    return context.wrap_socket(sock, server_hostname=sock.getpeername()[0])


def connect(handler: Any) -> None:
    """Connect a browser to its guest. If that fails, close the WebSocket with the reason; without one, browsers only see it end."""
    try:
        _connect(handler)
    except handler.CClose:
        raise
    except handler.server.Terminate:
        raise handler.CClose(LEAVING, "the proxy ends") from None
    except exception.InvalidToken:
        raise handler.CClose(REFUSED, "the URL is no longer valid") from None
    except Exception as error:  # noqa: BLE001 - the reason is in the journal, whatever it is
        log.getLogger("nova.console").exception("A console failed")
        raise handler.CClose(FAILED, f"the console failed: {type(error).__name__}") from None


def close(handler: Any, code: int = 1000, reason: str = "") -> None:
    """Close a WebSocket, if the browser has not done so before."""
    with contextlib.suppress(OSError):
        _close(handler, code, reason)


def change() -> None:
    """Change Nova's proxy."""
    ssl.wrap_socket = verified  # type: ignore[assignment]
    HANDLER.new_websocket_client = connect
    HANDLER.send_close = close
    # It would print a character for each message of a console.
    HANDLER.print_traffic = lambda *_: None


if __name__ == "__main__":
    change()
    sys.exit(novncproxy.main())
