"""A small Incus daemon on a unix socket: projects, networks, image aliases and instances, in memory."""

from __future__ import annotations

import json
import re
import socketserver
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests import background


class RefusalError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Daemon:
    """Objects by kind and name. Tests read and change them directly."""

    def __init__(self) -> None:
        self.projects: dict[str, Any] = {"default": {}}
        self.networks: dict[str, Any] = {}
        self.aliases: dict[str, str] = {}
        self.instances: dict[str, Any] = {}
        self.requests: list[str] = []
        self.outcome: dict[str, Any] = {"status_code": 200}
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        with self.lock:
            if method != "GET":
                self.requests.append(f"{method} {path}")
            for pattern, handler in self.ROUTES:
                match = re.fullmatch(pattern, path)
                if match:
                    arguments: list[Any] = [unquote(group) for group in match.groups()]
                    return handler(self, method, *arguments, body)
        raise RefusalError(404, f"no such path {path}")

    def _wait(self, method: str, name: str, body: dict[str, Any]) -> Any:
        return self.outcome

    def _projects(self, method: str, body: dict[str, Any]) -> Any:
        self.projects[body["name"]] = body["config"]

    def _project(self, method: str, name: str, body: dict[str, Any]) -> Any:
        return self._found(self.projects, name)

    def _alias(self, method: str, name: str, body: dict[str, Any]) -> Any:
        return {"target": self._found(self.aliases, name)}

    def _networks(self, method: str, body: dict[str, Any]) -> Any:
        self.networks[body["name"]] = {"config": body["config"], "description": ""}

    def _network(self, method: str, name: str, body: dict[str, Any]) -> Any:
        return self._object(self.networks, method, name, body)

    def _instances(self, method: str, body: dict[str, Any]) -> Any:
        source = body["source"]
        if source.get("alias", "") not in self.aliases and source.get("fingerprint") not in self.aliases.values():
            raise RefusalError(404, "Image not found")
        config = {**body["config"], "volatile.uuid": str(uuid.uuid4())}
        shape = {"profiles": ["default"], "ephemeral": False, "architecture": "x86_64"}
        self.instances[body["name"]] = {"status": "Stopped", "config": config, "devices": body["devices"], **shape}
        return "async"

    def _instance(self, method: str, name: str, body: dict[str, Any]) -> Any:
        if method == "DELETE" and self._found(self.instances, name)["status"] != "Stopped":
            raise RefusalError(400, "The instance is running")
        found = self._object(self.instances, method, name, body)
        return found if method == "GET" else "async"

    def _power(self, method: str, name: str, body: dict[str, Any]) -> Any:
        self._found(self.instances, name)["status"] = {"start": "Running", "stop": "Stopped"}[body["action"]]
        return "async"

    def _files(self, method: str, name: str, body: dict[str, Any]) -> Any:
        if name not in self.instances:
            raise RefusalError(404, f'Failed to fetch instance "{name}": Instance not found')
        if "files" not in self.instances[name]:
            raise RefusalError(404, "Not Found")
        return self.instances[name]["files"]

    def _object(self, kind: dict[str, Any], method: str, name: str, body: dict[str, Any]) -> Any:
        found = self._found(kind, name)
        if method == "PUT":
            found.update(body)
        elif method == "DELETE":
            del kind[name]
        return found

    @staticmethod
    def _found(kind: dict[str, Any], name: str) -> Any:
        if name not in kind:
            raise RefusalError(404, f"{name}: not found")
        return kind[name]

    ROUTES: tuple[tuple[str, Any], ...] = (
        (r"/1\.0/operations/([^/]+)/wait", _wait),
        (r"/1\.0/projects", _projects),
        (r"/1\.0/projects/([^/]+)", _project),
        (r"/1\.0/images/aliases/([^/]+)", _alias),
        (r"/1\.0/networks", _networks),
        (r"/1\.0/networks/([^/]+)", _network),
        (r"/1\.0/instances", _instances),
        (r"/1\.0/instances/([^/]+)", _instance),
        (r"/1\.0/instances/([^/]+)/state", _power),
        (r"/1\.0/instances/([^/]+)/files", _files),
    )


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextmanager
def serving(socket: Path) -> Iterator[Daemon]:
    """A daemon that answers on a socket until the block ends."""
    daemon = Daemon()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Requests are remembered by the daemon."""

        def address_string(self) -> str:
            return "unix"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            try:
                result = daemon.answer(self.command, urlsplit(self.path).path, body)
                kind = {"type": "async", "operation": "/1.0/operations/1"} if result == "async" else {"type": "sync"}
                code = 200
                answer: dict[str, Any] = {**kind, "metadata": result if isinstance(result, dict) else None}
            except RefusalError as refusal:
                result, code, answer = (
                    None,
                    refusal.code,
                    {"type": "error", "error": str(refusal), "error_code": refusal.code},
                )
            data = result if code == 200 and isinstance(result, bytes) else json.dumps(answer).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

    server = _Server(str(socket), Handler)
    with background.answering(server):
        yield daemon
