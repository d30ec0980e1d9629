"""The step that opens the instance's graphical console, as a browser does with the URL that Nova returns."""

from __future__ import annotations

import re
import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from hacienda.operate.journey import websocket
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.traveller import Traveller

SECONDS = 60
"""Patience for each answer: the load balancers wait as long for a free proxy."""

REFUSED = 1008
"""Close code of a WebSocket with which the proxy refuses a token."""

JOURNALS = "The journals of nova-console (controllers) and nova-compute (the instance's machine) say why."

_GREETING = re.compile(rb"RFB (\d{3}\.\d{3})\n")
_WITHOUT_PASSWORD = 1
"""Security type of RFB (RFC 6143, 7.2.1): the token in the URL is the password."""


def show(traveller: Traveller) -> str:
    """Load the console's page, open its WebSocket, and shake hands with the instance's VNC server."""
    server = traveller.made["server"]
    traveller.says("asking Nova for the console's URL")
    url = str(traveller.own.compute.create_server_remote_console(server, protocol="vnc", type="novnc").url)
    where = urlsplit(url)
    # The token opens the console to anyone, so no message shows the rest of the URL.
    page = urlunsplit((where.scheme, where.netloc, where.path, "", ""))
    if where.scheme != "https":
        raise StepError(f"the console's URL {page} has no TLS", "`novncproxy_base_url` of nova-compute says so.")
    traveller.says(f"loading {page}")
    found = traveller.access.web().get(page, timeout=SECONDS)
    found.raise_for_status()
    if "noVNC" not in found.text:
        raise StepError(f"{page} is not noVNC's page", JOURNALS)
    traveller.says("shaking hands with the instance's VNC server")
    (path,) = parse_qs(where.query).get("path", [""])
    target = f"{where.scheme}://{where.netloc}/{path}"
    try:
        return _greeted(traveller, target)
    except websocket.RefusedError as refused:
        fix = "No proxy answers the load balancers. Run: hacienda status" if refused.status == 503 else JOURNALS
        raise StepError(f"the console's proxy opens no WebSocket: {refused.what}", fix) from None
    except websocket.ClosedError as closed:
        if closed.code == REFUSED:
            raise StepError("the console's proxy does not know the token that Nova made", JOURNALS) from None
        said = f": {closed.reason}" if closed.reason else " without a reason"
        raise StepError(f"the console's proxy closes the console{said}", JOURNALS) from None
    except ssl.SSLError as error:
        fix = "Did the authority rotate, and is the environment applied? Run: hacienda status"
        raise StepError(f"{where.netloc}: {error}", fix) from None
    except OSError as error:
        raise StepError(f"{where.netloc}: the console does not answer: {error}", JOURNALS) from None


def _greeted(traveller: Traveller, target: str) -> str:
    access = traveller.access
    host = urlsplit(target).hostname or ""
    with websocket.opened(target, access.addresses.get(host, host), access.tls(), SECONDS) as console:
        return greet(console)


def greet(console: Any) -> str:
    """The handshake of RFB 3.8 (RFC 6143, 7.1 to 7.3), until the server says what it shows; in words, what that is.

    The proxy itself passes the greeting on. That the rest comes shows that proxy and server agreed on TLS.

    Args:
        console: has `send` and `receive` of a WebSocket.

    Raises:
        StepError: the other side is no VNC server, or refuses.
    """
    greeting = console.receive(12)
    version = _GREETING.fullmatch(greeting)
    if version is None:
        raise StepError(f"the console begins with {greeting!r}, and not as a VNC server does", JOURNALS)
    console.send(greeting)
    kinds = console.receive(console.receive(1)[0])
    if not kinds:
        raise StepError(f"the instance's VNC server refuses: {_text(console)}", JOURNALS)
    if _WITHOUT_PASSWORD not in kinds:
        raise StepError("the console asks for a password", JOURNALS)
    console.send(bytes((_WITHOUT_PASSWORD,)))
    if int.from_bytes(console.receive(4), "big"):
        raise StepError(f"the proxy and the instance's VNC server do not agree: {_text(console)}", JOURNALS)
    # Others may look at the same screen.
    console.send(b"\1")
    width, height = int.from_bytes(console.receive(2), "big"), int.from_bytes(console.receive(2), "big")
    console.receive(16)
    return f"RFB {version[1].decode()}, {width} x {height} pixels, {_text(console)}"


def _text(console: Any) -> str:
    """A text, which follows its length."""
    length = int.from_bytes(console.receive(4), "big")
    return str(console.receive(length).decode("utf-8", "replace"))
