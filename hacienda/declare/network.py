"""Ports that a service listens on, and the load-balanced front ends before them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hacienda.declare.views import Cloud, Node

Clients = Literal["peers", "members", "users", "internal", "public", "operator"]
"""Who may connect. The first three are opened for single addresses.

- `peers`: nodes of the same service that listen on the port too.
- `members`: all nodes of the same service, arbiters included.
- `users`: nodes of services that require a capability of this one.
- `internal`: every machine of the environment, by the port's network.
- `public`: anybody who reaches the public network.
- `operator`: the management network, or the addresses that the environment file names.
"""

CONTROL: tuple[Clients, ...] = ("peers", "members", "users")
"""Clients of ports that trust an address, or over which machines control one another. No other machine on the management network
reaches these ports."""

Traffic = Literal["management", "storage", "tenant"]
"""Purpose of a network that carries traffic between machines of the cloud."""

Scope = Literal["internal", "public"]
"""Which virtual IP a front end listens on. An environment with one virtual IP serves both scopes on it."""


@dataclass(frozen=True)
class Port:
    """One port, or a range of ports, that a service listens on, on the node's own address. Not 0.0.0.0: HAProxy binds the same
    number on the virtual IP.

    Args:
        name: what it is for; front ends, checks and endpoints refer to it.
        number: 1 to 65535.
        clients: who may connect; the host firewall is derived from it. A balanced port has `internal`: it answers only load
            balancers, and the `scopes` of its front end decide who reaches the virtual IP.
        protocol: `tcp`, `udp` or `vrrp` (IP protocol 112, which has no port: `number` is ignored).
        network: purpose of the network whose address the service listens on. Machines reach it there by that network. Only with the
            clients `internal`; without a network of the purpose, it is the management network.
        last: last number of a range; None: one port.
    """

    name: str
    number: int
    clients: Clients
    protocol: Literal["tcp", "udp", "vrrp"] = "tcp"
    network: Traffic = "management"
    last: int | None = None

    @property
    def numbers(self) -> range:
        """Its port numbers."""
        return range(self.number, (self.last or self.number) + 1)


@dataclass(frozen=True)
class Check:
    """HAProxy's health check of one backend. It is always HTTP: a TCP check shows that a port is open, not that a service works.

    Args:
        path: request path; any 2xx answer is healthy.
        port: name of the Port to ask; empty: the balanced port itself.
        inter_ms: milliseconds between checks of a healthy backend (docs/reference.md#haproxy).
        fastinter_ms: milliseconds between checks while the state is changing.
        fall: consecutive failures until a backend is down.
        rise: consecutive successes until it is up again.
    """

    path: str
    port: str = ""
    inter_ms: int = 2000
    fastinter_ms: int = 1000
    fall: int = 3
    rise: int = 2


LARGEST_BODY = 32 * 1024
"""Bytes of the largest request body. A load balancer reads a body whole before it forwards the request, and holds this much
memory per request. A token request has a few hundred bytes, a federation mapping a few thousand."""


@dataclass(frozen=True)
class Frontend:
    """A load-balanced entrance on a virtual IP, on the same port number as the backends.

    Args:
        port: name of the Port that it balances.
        check: health check of each backend.
        mode: `http` terminates TLS at the virtual IP, encrypts again and verifies the backend. `tcp` passes TLS through.
        scopes: virtual IPs that it listens on.
        single_writer: one backend is active. The others are backups; a former active backend does not take over again.
        timeout_seconds: inactivity of client and server; None: the HAProxy service's default (60 s).
        capacity: function of the cloud and the node. It returns how many requests (mode `tcp`: connections) the server on a node
            handles at a time. The load balancer sends one request fewer and queues the rest, so that its health check never waits
            behind them. None, for databases only: as many as its clients' pools may open.
        largest_body: mode `http` only: bytes of the largest body; a larger one is refused with status 413. The load balancer
            forwards a request when it is complete, so that a slow client occupies no thread of a server. None: bodies are
            streamed, and the service itself limits how long it waits for one.
        tunnel_seconds: mode `http` only: inactivity of both sides after which a connection ends that has become a tunnel, such as a
            WebSocket; None: as for every other connection.
        checks_passwords: a POST makes the service check a password, which is expensive on purpose. The load balancer limits the
            rate of POSTs per source.
    """

    port: str
    check: Check
    mode: Literal["http", "tcp"] = "http"
    scopes: tuple[Scope, ...] = ("internal",)
    single_writer: bool = False
    timeout_seconds: int | None = None
    capacity: Callable[[Cloud, Node], int] | None = None
    largest_body: int | None = LARGEST_BODY
    tunnel_seconds: int | None = None
    checks_passwords: bool = False
