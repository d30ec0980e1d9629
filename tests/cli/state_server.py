"""A small server of Terraform states over HTTP, as its `http` back end speaks to: GET, POST, LOCK, UNLOCK."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests import background


class Server:
    """States and locks by path. Tests read and change them directly."""

    def __init__(self) -> None:
        self.states: dict[str, bytes] = {}
        self.locks: dict[str, dict[str, Any]] = {}
        self.requests: list[str] = []
        self.address = ""

    def answer(self, method: str, path: str, lock: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of an answer; `lock` is the id of the lock that a writer holds."""
        self.requests.append(f"{method} {path}")
        held = self.locks.get(path)
        if method == "GET":
            return (200, self.states[path]) if path in self.states else (404, b"")
        if method == "LOCK":
            if held is not None:
                return 423, json.dumps(held).encode()
            self.locks[path] = json.loads(body)
        elif held is None or held["ID"] != (lock or json.loads(body)["ID"]):
            return 409, b"somebody else holds the lock, or nobody"
        elif method == "POST":
            self.states[path] = body
        else:
            del self.locks[path]
        return 200, b""


@contextmanager
def serving() -> Iterator[Server]:
    """A server on the loopback interface until the block ends."""
    made = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Requests are remembered by the server."""

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            lock = parse_qs(parts.query).get("ID", [""])[0]
            code, answer = made.answer(self.command, parts.path, lock, body)
            self.send_response(code)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_LOCK = do_UNLOCK = handle_any  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.address = f"http://127.0.0.1:{server.server_port}/state"
    with background.answering(server):
        yield made
