"""Incus' REST API over its unix socket, with the standard library only."""

from __future__ import annotations

import http.client
import json
import socket
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hacienda import errors


class IncusError(errors.ToolError):
    """Incus refused a request, or does not run. `code` is the HTTP status, 0 without an answer."""

    def __init__(self, message: str, fix: str | None = None, code: int = 0) -> None:
        super().__init__(message, fix)
        self.code = code


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("incus", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Incus:
    """One project of one Incus daemon.

    Args:
        socket: path of the daemon's unix socket.
        project: project of every request.
    """

    socket: str
    project: str = "default"

    def get(self, path: str) -> dict[str, Any]:
        """Metadata of an object, like `/1.0/networks/br0`. Raises IncusError with code 404 if there is none."""
        return dict(self._request("GET", path)["metadata"] or {})

    def find(self, path: str) -> dict[str, Any] | None:
        """Like `get`; None: there is no such object."""
        try:
            return self.get(path)
        except IncusError as error:
            if error.code == 404:
                return None
            raise

    def change(self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout: float = 300.0) -> None:
        """Send a changing request, and wait until Incus has finished it.

        Raises:
            IncusError: refused, failed, or not done within `timeout` seconds.
        """
        answer = self._request(method, path, body)
        if answer["type"] != "async":
            return
        operation = answer["operation"]
        done = self._request("GET", f"{operation}/wait?timeout={timeout:.0f}", timeout=timeout + 10)["metadata"]
        if done["status_code"] != 200:
            reason = done.get("err") or f"not done within {timeout:.0f} s"
            raise IncusError(f"Incus: {method} {path}: {reason}", code=int(done["status_code"]))

    def file(self, instance: str, path: str) -> bytes | None:
        """Content of a file inside an instance; None: there is no such file.

        Raises:
            IncusError: there is no such instance, or Incus cannot read the file.
        """
        query = urllib.parse.urlencode({"path": path})
        code, body = self._exchange("GET", f"/1.0/instances/{urllib.parse.quote(instance)}/files?{query}", None, 30)
        if code == 200:
            return body
        reason = json.loads(body or b"{}").get("error", "")
        if code == 404 and "instance" not in reason.lower():
            return None
        raise IncusError(f"Incus: instance {instance}: {reason or code}", code=code)

    def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout: float = 60
    ) -> dict[str, Any]:
        _, data = self._exchange(method, path, body, timeout)
        answer: dict[str, Any] = json.loads(data)
        if answer["type"] == "error":
            raise IncusError(f"Incus: {method} {path}: {answer['error']}", code=int(answer["error_code"]))
        return answer

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None, timeout: float) -> tuple[int, bytes]:
        connection = _UnixConnection(self.socket, timeout)
        separator = "&" if "?" in path else "?"
        url = f"{path}{separator}{urllib.parse.urlencode({'project': self.project})}"
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, url, body=data, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            fix = "Start the lab's host first: hacienda lab up"
            raise IncusError(f"Incus does not answer on {self.socket}: {error}", fix) from error
        finally:
            connection.close()
