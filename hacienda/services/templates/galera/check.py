#!/usr/bin/python3
"""Health checker of one Galera member. It answers over HTTPS with 200 (accept clients), 404 (keep present clients) or 503 (no
clients), and with the reason as JSON.

One thread asks the server four times a second over its Unix socket. Requests get the last result, so that a hung server delays no
answer. systemd passes the listening socket (galera-check.socket), and the certificate as a credential. The checker writes no file:
the watchdog, which runs as root, asks it over HTTPS too.
"""

from __future__ import annotations

import http.server
import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.25
READ_TIMEOUT_SECONDS = 1
"""A server that is silent for that long hangs. The checker's queries take a few milliseconds."""
HOLD_OFF_SECONDS = 5.0
"""A hung server that resumes still reports Synced for a moment, so it must be good for five seconds to count as ready."""
STALE_SECONDS = 2.5
"""Longer than a poll with its time-out can take: the polling thread itself is stuck."""
CLIENT_TIMEOUT_SECONDS = 2.0
LEAVING = Path("/run/hacienda/galera.leaving")
"""While this file exists, the server is about to be stopped. drain.sh, as root, makes it."""
SYNCED = "4"
DONOR = "2"
GIVES = "gives a copy to another member"
"""Present clients may stay, because mariadb-backup does not stop a server. It gets no new ones, because it may lag behind."""
VARIABLES = (
    "wsrep_ready",
    "wsrep_local_state",
    "wsrep_local_state_comment",
    "wsrep_cluster_status",
    "wsrep_cluster_size",
    "wsrep_cluster_state_uuid",
    "threads_connected",
)
QUERY = "SHOW GLOBAL STATUS WHERE Variable_name IN ({})".format(",".join(f"'{name}'" for name in VARIABLES))

Status = Mapping[str, str]


def fault(status: Status) -> str:
    """Why a server in this state must get no clients; empty when it may get them."""
    if status.get("wsrep_cluster_status") != "Primary":
        return f"component is {status.get('wsrep_cluster_status', 'unknown')}, not Primary"
    if status.get("wsrep_local_state") == DONOR and status.get("wsrep_ready") == "ON":
        return GIVES
    if status.get("wsrep_local_state") != SYNCED:
        return f"state is {status.get('wsrep_local_state_comment', 'unknown')}, not Synced"
    if status.get("wsrep_ready") != "ON":
        return "wsrep_ready is off"
    return ""


class Health:
    """The last result, and whether it counts.

    Args:
        clock: seconds, monotonic.
        leaving: whether the server is about to be stopped (drain.sh).
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, leaving: Callable[[], bool] = lambda: False
    ) -> None:
        self._clock = clock
        self._leaving = leaving
        self._lock = threading.Lock()
        self._status: Status = {}
        self._fault = "not asked yet"
        self._seen = clock()
        self._was_ready = False
        self._failed: float | None = None
        self._outside: float | None = None

    def observe(self, status: Status, problem: str = "") -> None:
        """Record an answer of the server, or the problem that prevented one."""
        with self._lock:
            self._seen = self._clock()
            self._status = status
            self._fault = problem or fault(status)
            if not status or status.get("wsrep_cluster_status") == "Primary":
                self._outside = None
            elif self._outside is None:
                self._outside = self._seen
            if not self._fault:
                self._was_ready = True
            elif self._was_ready and self._fault != GIVES:
                self._failed = self._seen

    def report(self) -> dict[str, Any]:
        """The answer to a check: `ready`, `reason`, `outside_seconds` and the server's own variables.

        `outside_seconds` is how long the answering server has been outside a Primary Component; 0: it is in one.
        """
        with self._lock:
            now = self._clock()
            reason = self._fault
            outside = 0 if self._outside is None else int(now - self._outside)
            if now - self._seen > STALE_SECONDS:
                reason, outside = "the checker is stuck", 0
            elif reason in ("", GIVES) and self._leaving():
                reason = "about to stop"
            elif reason in ("", GIVES) and self._failed is not None and now - self._failed < HOLD_OFF_SECONDS:
                reason = "failed less than 5 s ago"
            return {**self._status, "ready": not reason, "reason": reason, "outside_seconds": outside}


class Poller(threading.Thread):
    """Asks the server and records its answers in `health`."""

    def __init__(self, health: Health, connect: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._health = health
        self._connect = connect
        self._connection: Any = None

    def run(self) -> None:
        while True:
            self.poll()
            time.sleep(POLL_SECONDS)

    def poll(self) -> None:
        """Ask once. Any problem counts as a failure of the server and closes the connection."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.cursor() as cursor:
                cursor.execute(QUERY)
                status = {str(name).lower(): str(value) for name, value in cursor.fetchall()}
        except Exception as error:  # noqa: BLE001 after any error the server counts as not answering
            if self._connection is not None:
                self._connection._force_close()  # a polite close would wait for a hung server
                self._connection = None
            self._health.observe({}, f"no answer: {error}")
        else:
            self._health.observe(status)


class Server(http.server.ThreadingHTTPServer):
    """HTTPS on a socket that is already listening; handshakes happen in the request's own thread."""

    def __init__(self, listener: socket.socket, health: Health, tls: ssl.SSLContext) -> None:
        super().__init__(("", 0), Answer, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.health = health
        self._tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(CLIENT_TIMEOUT_SECONDS)
        try:
            with self._tls.wrap_socket(request, server_side=True) as secured:
                super().finish_request(secured, client_address)
        except OSError:
            return  # the client left or does not use TLS

    def shutdown_request(self, request: Any) -> None:
        self.close_request(request)


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers every GET with the report."""

    server: Server

    def do_GET(self) -> None:
        report = self.server.health.report()
        body = json.dumps(report).encode() + b"\n"
        self.send_response(200 if report["ready"] else 404 if report["reason"] == GIVES else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: six checks a second are not worth a line."""


def connect() -> Any:
    """A connection to the local server as the user this process runs as."""
    import pymysql

    return pymysql.connect(
        unix_socket="/run/mysqld/mysqld.sock",
        user="galera-check",
        connect_timeout=READ_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        write_timeout=READ_TIMEOUT_SECONDS,
        autocommit=True,
    )


def main() -> None:
    """Serve until killed."""
    credentials = Path(os.environ["CREDENTIALS_DIRECTORY"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_cert_chain(credentials / "cert", credentials / "key")
    health = Health(leaving=LEAVING.exists)
    Poller(health, connect).start()
    first_passed_descriptor = 3
    Server(socket.socket(fileno=first_passed_descriptor), health, tls).serve_forever()


if __name__ == "__main__":
    main()
