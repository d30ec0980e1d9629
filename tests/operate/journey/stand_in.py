"""A small HTTPS stand-in for Keystone and Glance: it keeps projects, users and images, and can fail on request. The real APIs are
asked in the lab (tests/lab/test_journey.py)."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hacienda.secrets import Leaf, pki

NAME = "public.lab.example"
"""The only name in its certificate; nothing resolves it."""


@dataclass
class Cloud:
    """What the stand-in keeps.

    Args:
        port: where it listens on 127.0.0.1.
        folder: folder with ca.pem.
        things: kind -> id -> attributes.
        refusals: (method, part of the path) -> status and text of an error.
        asked: `method path` of each request, with the host that the client named.
    """

    port: int
    folder: Path
    things: dict[str, dict[str, dict[str, Any]]] = field(
        default_factory=lambda: {"projects": {}, "users": {}, "images": {}}
    )
    refusals: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        """Address of Keystone."""
        return f"https://{NAME}:{self.port}/v3"

    def names(self) -> list[str]:
        """Names of all that it keeps."""
        return sorted(one["name"] for kept in self.things.values() for one in kept.values())

    def add(self, kind: str, name: str, **attributes: Any) -> str:
        """Keep something; returns its id."""
        number = f"{next(self.numbers):032x}"
        self.things[kind][number] = {"id": number, "name": name, **attributes}
        return number


class Handler(BaseHTTPRequestHandler):
    """Answers for one connection."""

    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: Any = None, **headers: str) -> None:
        text = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _any(self) -> None:
        body, path = self._body(), self.path.partition("?")[0]
        self.cloud.asked.append((f"{self.command} {path}", self.headers["Host"]))
        for (method, part), (status, text) in self.cloud.refusals.items():
            if method == self.command and part in path:
                self._answer(status, {"error": {"message": text}}, x_openstack_request_id="req-7")
                return
        keystone = path.removeprefix("/v3")
        if path in ("/v3", "/v3/"):
            link = {"rel": "self", "href": self.cloud.url}
            self._answer(200, {"version": {"id": "v3.14", "status": "stable", "links": [link]}})
        elif keystone == "/auth/tokens":
            self._token(json.loads(body))
        elif path == "/image/":
            link = {"rel": "self", "href": f"https://{NAME}:{self.cloud.port}/image/v2/"}
            self._answer(300, {"versions": [{"id": "v2.15", "status": "CURRENT", "links": [link]}]})
        elif found := re.fullmatch(r"/(?:v3|image/v2)/(projects|users|images)(?:/(\w+))?(/file)?", path):
            self._thing(found[1], found[2], found[3], body)
        elif keystone == "/roles":
            self._answer(200, {"roles": [{"id": "9", "name": "member"}]})
        elif "/roles/" in keystone:
            self._answer(204)
        else:
            self._answer(404, {"error": {"message": f"nothing at {path}"}})

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815

    def _token(self, asked: dict[str, Any]) -> None:
        user = asked["auth"]["identity"]["password"]["user"]
        known = [one for one in self.cloud.things["users"].values() if one["name"] == user["name"]]
        if user["name"] != "admin" and [one["password"] for one in known] != [user["password"]]:
            self._answer(401, {"error": {"message": "The request you have made requires authentication."}})
            return
        base = f"https://{NAME}:{self.cloud.port}"
        catalog = [
            {
                "id": name,
                "type": kind,
                "name": name,
                "endpoints": [
                    {"id": name, "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": url}
                ],
            }
            for name, kind, url in (("keystone", "identity", self.cloud.url), ("glance", "image", f"{base}/image/"))
        ]
        token = {
            "catalog": catalog,
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2020-01-01T00:00:00.000000Z",
            "methods": ["password"],
            "user": {"id": "1", "name": user["name"], "domain": {"id": "default", "name": "Default"}},
            "project": {"id": "2", "name": "x", "domain": {"id": "default", "name": "Default"}},
            "roles": [],
        }
        self._answer(201, {"token": token}, X_Subject_Token="t")

    def _thing(self, kind: str, number: str | None, file: str | None, body: bytes) -> None:
        kept, single = self.cloud.things[kind], kind.removesuffix("s")
        wrapped = kind != "images"
        if self.command == "POST":
            attributes = json.loads(body)
            made = self.cloud.add(kind, **(attributes[single] if wrapped else {**attributes, "status": "queued"}))
            self._answer(201, {single: kept[made]} if wrapped else kept[made])
        elif number is None:
            self._answer(200, {kind: list(kept.values()), "links": {}})
        elif number not in kept:
            self._answer(404, {"error": {"message": "gone"}})
        elif file:
            digest = hashlib.sha512(body).hexdigest()
            kept[number] |= {"status": "active", "os_hash_algo": "sha512", "os_hash_value": digest, "size": len(body)}
            self._answer(204)
        elif self.command == "DELETE":
            del kept[number]
            self._answer(204)
        else:
            self._answer(200, {single: kept[number]} if wrapped else kept[number])


@contextmanager
def serve(folder: Path, name: str = NAME) -> Iterator[Cloud]:
    """The stand-in on a free port, with a certificate for one name and no address."""
    now = pki.utc_now()
    authority = pki.authority("lab", "haproxy", now)
    leaf = pki.issue(authority, Leaf("ctl-1", "haproxy", (name,), (), "server"), timedelta(days=2), now)
    (folder / "ca.pem").write_bytes(pki.certificate_pem(authority.pem()))
    (folder / "leaf.pem").write_bytes(leaf.pem())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "leaf.pem")
    handler = type("Bound", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    handler.cloud = Cloud(server.server_address[1], folder)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield handler.cloud  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
