"""Clients that work through the virtual IP while a drill breaks things, and measure what they feel."""

from __future__ import annotations

import copy
import itertools
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pika
import pymysql
from pika.adapters.blocking_connection import BlockingChannel
from pymysql.connections import Connection
from pymysql.cursors import Cursor


@dataclass
class Felt:
    """What one client felt.

    Args:
        acknowledged: identifiers of the operations that were confirmed.
        confirmed_at: monotonic time of each confirmation.
        failures: error texts, in order.
    """

    acknowledged: list[int] = field(default_factory=list)
    confirmed_at: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def outage(self) -> float:
        """Longest time between two confirmations, in seconds; infinite with fewer than two."""
        moments = sorted(self.confirmed_at)
        gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
        return max(gaps, default=float("inf"))


class Client:
    """Repeats an operation in a thread until it is stopped, bounded in time.

    Args:
        operation: called with a running number; returning means confirmed, an exception means failed.
        pause: seconds between two operations.
        limit: seconds after which it stops by itself.
        many: each operation is a client of its own, begun `pause` seconds after the one before, whether that one has
            ended or not. A request that was with a machine when it died is answered by nobody: the only client there is
            would feel its own patience on top of the outage.
    """

    def __init__(
        self, operation: Callable[[int], None], *, pause: float = 0.05, limit: float = 600, many: bool = False
    ) -> None:
        self.felt = Felt()
        self._operation = operation
        self._pause = pause
        self._deadline = time.monotonic() + limit
        self._many = many
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Client:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=30)

    def wait_for_more(self, count: int, seconds: float) -> bool:
        """Whether `count` further operations were confirmed within `seconds`."""
        wanted = len(self.felt.acknowledged) + count
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(self.felt.acknowledged) >= wanted:
                return True
            time.sleep(0.1)
        return False

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set() and time.monotonic() < self._deadline:
            number += 1
            if self._many:
                threading.Thread(target=self._try, args=(number,), daemon=True).start()
            else:
                self._try(number)
            self._stop.wait(self._pause)

    def _try(self, number: int) -> None:
        try:
            self._operation(number)
        except Exception as error:  # noqa: BLE001 - whatever the client feels is the measurement
            self.felt.failures.append(f"{type(error).__name__}: {error}")
        else:
            self.felt.acknowledged.append(number)
            self.felt.confirmed_at.append(time.monotonic())


class SqlWriter:
    """Writes one row per call through the VIP over TLS; connects anew after any failure. One-second time-outs."""

    def __init__(self, host: str, port: int, user: str, password: str, ca: Path) -> None:
        self._host, self._port, self._user, self._password, self._ca = host, port, user, password, str(ca)
        self._authorities = ""
        self._connection: Connection[Cursor] | None = None

    def __call__(self, number: int) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.cursor() as cursor:
                cursor.execute("INSERT INTO drill (id) VALUES (%s)", (number,))
        except Exception:
            self._connection = None
            raise

    def trust(self, authorities: str) -> None:
        """Trust these certificates (PEM) besides."""
        self._authorities = authorities

    def rows(self) -> set[int]:
        """Every identifier that is in the table."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM drill")
            return {int(row[0]) for row in cursor.fetchall()}

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca)
        context.check_hostname = False
        if self._authorities:
            context.load_verify_locations(cadata=self._authorities)
        return context

    def _connect(self) -> Connection[Cursor]:
        return pymysql.connect(
            host=self._host,
            port=self._port,
            user=self._user,
            password=self._password,
            database=self._user,
            ssl=self._context(),
            autocommit=True,
            connect_timeout=1,
            read_timeout=1,
            write_timeout=1,
        )


class Publisher:
    """Publishes one message per call to a quorum queue over TLS, and returns when the brokers have confirmed it. After any failure
    it connects to the next broker, as clients of the cloud do.

    Args:
        brokers: addresses.
        user: name of the user and of the virtual host.
        ca: the authority that signs the brokers' certificates.
    """

    QUEUE = "drill"
    HEARTBEAT = 4
    """Seconds. The library adds 5, and waits twice: it gives a silent broker up after 18 s at most (16 s measured)."""

    def __init__(self, brokers: Sequence[str], port: int, user: str, password: str, ca: Path) -> None:
        self._brokers = itertools.cycle(brokers)
        self._port, self._user, self._password = port, user, password
        self._context = ssl.create_default_context(cafile=str(ca))
        self._channel: BlockingChannel | None = None

    def __call__(self, number: int) -> None:
        try:
            if self._channel is None:
                self._channel = self._connect(next(self._brokers))
            kept = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
            self._channel.basic_publish("", self.QUEUE, str(number).encode(), kept, mandatory=True)
        except Exception:
            self._channel = None
            raise

    def delivered(self) -> set[int]:
        """Every message that is in the queue. They are acknowledged, and so leave it."""
        channel = self._connect(next(self._brokers))
        found = set[int]()
        try:
            while True:
                method, _, body = channel.basic_get(self.QUEUE)
                if method is None or body is None:
                    return found
                found.add(int(body))
                channel.basic_ack(method.delivery_tag)
        finally:
            channel.connection.close()

    def _connect(self, broker: str) -> BlockingChannel:
        parameters = pika.ConnectionParameters(
            broker,
            self._port,
            self._user,
            pika.PlainCredentials(self._user, self._password),
            heartbeat=self.HEARTBEAT,
            socket_timeout=2,
            stack_timeout=5,
            ssl_options=pika.SSLOptions(self._context, broker),
        )
        channel = pika.BlockingConnection(parameters).channel()
        channel.queue_declare(self.QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        return channel


class Keystone:
    """Issues and validates tokens through the VIP over TLS, without any client library's start-up time.

    Args:
        patience: seconds for one answer. A password check takes a second of a core, more on a busy machine.
    """

    def __init__(self, url: str, user: str, password: str, ca: Path, *, patience: float = 10) -> None:
        self._url = url
        self._patience = patience
        self._user = user
        self._password = password
        self._context = ssl.create_default_context(cafile=str(ca))

    def issue(self) -> str:
        """A fresh project-scoped token of the administrator."""
        domain = {"id": "default"}
        user = {"name": self._user, "domain": domain, "password": self._password}
        scope = {"project": {"name": "admin", "domain": domain}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}}
        request = urllib.request.Request(
            f"{self._url}/v3/auth/tokens", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=self._patience, context=self._context) as answer:
            return str(answer.headers["X-Subject-Token"])

    def valid(self, token: str) -> bool:
        """Whether the cloud accepts a token issued earlier."""
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        request = urllib.request.Request(f"{self._url}/v3/auth/tokens", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=self._patience, context=self._context) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            return False

    def request(self, method: str, path: str, token: str, body: dict[str, Any] | None = None) -> Any:
        """A call of the API with a token; the answer's JSON."""
        headers = {"X-Auth-Token": token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}/v3{path}", data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=self._patience, context=self._context) as answer:
            return json.loads(answer.read() or b"null")

    def trusting(self, authorities: str) -> Keystone:
        """The same client, trusting these certificates (PEM) alone."""
        other = copy.copy(self)
        other._context = ssl.create_default_context(cadata=authorities)
        return other

    def __call__(self, _: int) -> None:
        self.issue()


class Api:
    """Asks an API through the VIP over TLS for something that only a token gets.

    Args:
        url: what is asked for.
        token: whose; empty: none.
        authorities: certificates (PEM) that are trusted.
    """

    def __init__(self, url: str, token: str, authorities: str, *, patience: float = 10) -> None:
        self._request = urllib.request.Request(url, headers={"X-Auth-Token": token} if token else {})
        self._context = ssl.create_default_context(cadata=authorities)
        self._patience = patience

    def status(self) -> int:
        """The status of its answer."""
        try:
            self(0)
        except urllib.error.HTTPError as error:
            return error.code
        return HTTPStatus.OK

    def __call__(self, _: int) -> None:
        with urllib.request.urlopen(self._request, timeout=self._patience, context=self._context) as answer:
            answer.read()


class EitherPassword:
    """Logs in as whoever has been given a new password and does not know from when on it counts: with that of last time, else with
    the other one, else once more, should it have changed between the two.

    Args:
        former, present: the same client with the one and the other password.
    """

    def __init__(self, former: Keystone, present: Keystone) -> None:
        self._order = (former, present)

    def __call__(self, _: int) -> None:
        last, other = self._order
        try:
            last.issue()
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                raise
            try:
                other.issue()
            except urllib.error.HTTPError:
                last.issue()
            else:
                self._order = (other, last)
