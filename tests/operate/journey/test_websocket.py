"""The client of WebSockets against another program's server: messages of every length, and how each end is reported."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from hacienda.operate.journey import websocket
from tests.operate.journey import stand_in
from tests.operate.journey.test_screen import Console, serving

Open = Callable[[Callable[[Any], None]], AbstractContextManager[websocket.WebSocket]]


@pytest.fixture(name="opened")
def _opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a WebSocket to a real server that does as it is given."""
    console = Console()
    with serving(console, tmp_path) as port:

        def go(answer: Callable[[Any], None]) -> AbstractContextManager[websocket.WebSocket]:
            console.answer = answer  # type: ignore[assignment, method-assign]
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
            return websocket.opened(f"https://{stand_in.NAME}:{port}/?a=b", "127.0.0.1", context, 10)

        yield go


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536, 200_000])
def test_a_message_of_any_length_arrives_whole(length: int, opened: Open) -> None:
    content = bytes(place % 251 for place in range(length))

    def answer(connection: Any) -> None:
        connection.send(content)
        connection.send(b"end")
        connection.recv()

    with opened(answer) as found:
        assert found.receive(length) == content
        assert found.receive(3) == b"end"
        found.send(b"")


def test_a_message_in_fragments_and_pings_between_them_are_one_stream(opened: Open) -> None:
    answered: list[bool] = []

    def answer(connection: Any) -> None:
        connection.send(iter((b"RFB ", b"003.", b"008\n")))
        answered.append(connection.ping(b"there?").wait(5))
        connection.send(b"on")
        connection.recv()

    with opened(answer) as found:
        assert found.receive(14) == b"RFB 003.008\non"
        found.send(b"bye")
    assert answered == [True]


def test_what_is_sent_arrives(opened: Open) -> None:
    def answer(connection: Any) -> None:
        for _ in range(2):
            connection.send(connection.recv())
        connection.recv()

    with opened(answer) as found:
        for text in (b"RFB 003.008\n", bytes(range(125))):
            found.send(text)
            assert found.receive(len(text)) == text
        found.send(b"")


def test_a_reason_is_handed_on_and_an_end_without_one_too(opened: Open) -> None:
    with opened(lambda connection: connection.close(1008, "no")) as found, pytest.raises(websocket.ClosedError) as end:
        found.receive(1)
    assert (end.value.code, end.value.reason) == (1008, "no")

    def vanish(connection: Any) -> None:
        connection.socket.shutdown(2)
        with pytest.raises(ConnectionClosed):
            connection.recv()

    with opened(vanish) as found, pytest.raises(websocket.ClosedError) as end:
        found.receive(1)
    assert (end.value.code, end.value.reason) == (0, "")
