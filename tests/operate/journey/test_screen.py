"""The step that opens a console: against a real WebSocket server that shows a screen as QEMU does, and against wrong ones."""

from __future__ import annotations

import http
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from websockets.http11 import Request, Response
from websockets.sync import server as websockets

from hacienda.operate.journey import faults, itinerary, screen, websocket
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.report import Observer
from hacienda.operate.journey.travel import walk
from hacienda.operate.journey.traveller import Traveller
from tests.operate.journey import stand_in

PAGE = "<title>noVNC</title>"
NAME = b"QEMU (instance-00000001)"
SHOWS = bytes((2, 208, 1, 144)) + bytes(16) + len(NAME).to_bytes(4, "big") + NAME
"""720 x 400 pixels, their format, and the name."""


class Console:
    """What the proxy and the guest answer; a test changes a part.

    Args:
        greeting: the version of RFB.
        kinds: security types, after their number.
        result: whether they agreed.
        shows: what the screen is.
        page: what the page says.
        status: status of the request for a WebSocket; None: it is opened.
        closes: code and reason with which the WebSocket is closed at once.
        asked: paths.
    """

    def __init__(self) -> None:
        self.greeting = b"RFB 003.008\n"
        self.kinds = b"\x01\x01"
        self.result = bytes(4)
        self.shows = SHOWS
        self.page = PAGE
        self.status: http.HTTPStatus | None = None
        self.closes: tuple[int, str] | None = None
        self.pieces = False
        self.asked: list[str] = []

    def process(self, connection: websockets.ServerConnection, request: Request) -> Response | None:
        self.asked.append(request.path)
        if "Upgrade" not in request.headers:
            return connection.respond(http.HTTPStatus.OK, self.page)
        assert request.headers["Origin"] == f"https://{request.headers['Host']}"
        return connection.respond(self.status, "no") if self.status is not None else None

    def answer(self, connection: websockets.ServerConnection) -> None:
        if self.closes is not None:
            connection.close(*self.closes)
            return
        connection.ping()
        connection.send(self.greeting)
        assert connection.recv() == self.greeting
        connection.send(self.kinds)
        assert connection.recv() == b"\x01"
        connection.send(self.result)
        assert connection.recv() == b"\x01"
        # The proxy passes on what it reads: a message begins and ends anywhere.
        for place in range(0, len(self.shows), 5):
            connection.send(self.shows[place : place + 5])
        connection.recv()


@contextmanager
def serving(console: Console, folder: Path, name: str = stand_in.NAME) -> Iterator[int]:
    """A real WebSocket server with a certificate of the journey's authority; its port."""
    with stand_in.serve(folder, name):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / "leaf.pem")
    server = websockets.serve(
        lambda made: console.answer(made), "127.0.0.1", 0, ssl=context, process_request=console.process
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.socket.getsockname()[1])
    finally:
        server.shutdown()


@pytest.fixture(name="console")
def _console() -> Console:
    return Console()


@pytest.fixture(name="shown")
def _shown(
    console: Console, traveller: Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], str]]:
    """Takes the step."""
    folder = tmp_path / "console"
    folder.mkdir()
    with serving(console, folder) as port:
        monkeypatch.setattr(traveller.access, "_trust", str(folder / "ca.pem"))
        yield lambda: take(traveller, f"https://{stand_in.NAME}:{port}/vnc_lite.html?path=%3Ftoken%3Dabc-1")


def take(traveller: Traveller, url: str) -> str:
    """The step, after Nova has returned this URL."""

    def create(server: Any, protocol: str, type: str) -> Any:
        assert (server.id, protocol, type) == ("7d3f", "vnc", "novnc")
        return SimpleNamespace(url=url)

    nova = SimpleNamespace(create_server_remote_console=create)
    tenant: Any = SimpleNamespace(compute=nova)
    ready = replace(traveller, tenant=tenant, made={"server": SimpleNamespace(id="7d3f")})
    return screen.show(ready)


def test_it_sees_the_screen_of_the_instance(shown: Callable[[], str], console: Console) -> None:
    assert shown() == f"RFB 003.008, 720 x 400 pixels, {NAME.decode()}"
    assert console.asked == ["/vnc_lite.html", "/?token=abc-1"], "no page gets the token in its address"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"page": "<title>It works</title>"}, "is not noVNC's page"),
        ({"greeting": b"SSH-2.0-OpenS"}, "not as a VNC server does"),
        ({"kinds": b"\x00\x00\x00\x00\x04busy"}, "refuses: busy"),
        ({"kinds": b"\x01\x02"}, "asks for a password"),
        ({"result": b"\x00\x00\x00\x01\x00\x00\x00\x02no"}, "do not agree: no"),
        ({"closes": (1008, "the URL is no longer valid")}, "does not know the token that Nova made"),
        ({"closes": (1011, "the console failed: InternalError")}, "the console failed: InternalError"),
        ({"closes": (1000, "")}, "without a reason"),
        ({"status": http.HTTPStatus.SERVICE_UNAVAILABLE}, "opens no WebSocket: 503 Service Unavailable"),
        ({"status": http.HTTPStatus.NOT_FOUND}, "opens no WebSocket: 404 Not Found"),
    ],
)
def test_what_is_wrong_is_said_without_the_token(
    change: dict[str, Any], said: str, shown: Callable[[], str], console: Console
) -> None:
    vars(console).update(change)
    with pytest.raises(StepError, match=said) as failed:
        shown()
    assert failed.value.fix
    assert "abc-1" not in failed.value.what


def test_a_proxy_with_another_name_is_refused(console: Console, traveller: Traveller, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with serving(console, folder, "other.example") as port:
        traveller.access._trust = str(folder / "ca.pem")
        with pytest.raises(Exception, match=r"(?i)hostname|certificate") as failed:
            take(traveller, f"https://{stand_in.NAME}:{port}/vnc_lite.html?path=%3Ftoken%3Dabc-1")
    assert faults.describe(failed.value) is not None
    assert console.asked == []


def test_a_console_without_tls_is_not_opened(traveller: Traveller) -> None:
    with pytest.raises(StepError, match="has no TLS"):
        take(traveller, "http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3Dabc-1")


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionResetError("reset"), ssl.SSLError("bad")])
def test_a_connection_that_fails_after_the_page_is_said(
    error: OSError, shown: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(websocket, "opened", fail)
    with pytest.raises(StepError, match=str(error)):
        shown()


def test_a_cloud_without_consoles_leaves_the_step_out(traveller: Traveller) -> None:
    steps = [one for one in itinerary.STEPS if one.work is screen.show]
    assert [one.name for one in steps] == ["screen", "moved screen"]
    alone = [replace(one, after=(), needs=("console",)) for one in steps]
    report = walk(traveller, alone, Observer(), keep=True)
    assert [one.state for one in report.outcomes] == ["left out", "left out"]
    assert "console" in report.outcomes[0].what
