"""Ports a service listens on and the load-balanced front ends before them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Clients = Literal["peers", "members", "users", "internal", "public", "operator"]
"""Who may connect: nodes of the same service that listen on the port, too (single addresses), all nodes of the same service with
its arbiters (single addresses), those of services that require a capability of this one (single addresses), every machine of the
environment (the management network), anybody who reaches the public network, or the operator (anybody on the management network
or the addresses the environment file names)."""

CONTROL: tuple[Clients, ...] = ("peers", "members", "users")
"""Clients of ports that believe an address or over which machines control one another: nobody else on management reaches these."""

Scope = Literal["internal", "public"]
"""Which virtual IP a front end listens on. An environment with one virtual IP serves both on it."""


@dataclass(frozen=True)
class Port:
    """One port a service listens on, on the node's own address (never 0.0.0.0: HAProxy binds the VIP on the same number).

    Args:
        name: what it is for; front ends, checks and endpoints refer to it.
        number: 1 to 65535.
        clients: who may connect; the host firewall is derived from it. A balanced port has `internal`: it answers load balancers
            alone, and the `scopes` of its front end say who reaches the virtual IP.
        protocol: `tcp`, `udp` or `vrrp` (IP protocol 112, the number is then ignored).
    """

    name: str
    number: int
    clients: Clients
    protocol: Literal["tcp", "udp", "vrrp"] = "tcp"


@dataclass(frozen=True)
class Check:
    """HAProxy's health check of one backend. Always HTTP: a bare TCP check says that a port is open, not that a service works.

    Args:
        path: request path; any 2xx answer is healthy.
        port: name of the Port to ask; empty: the balanced port itself.
        inter_ms: milliseconds between checks of a healthy backend (docs/reference.md#haproxy).
        fastinter_ms: milliseconds between checks while the state is changing.
        fall: failures in a row until a backend is down.
        rise: successes in a row until it is up again.
    """

    path: str
    port: str = ""
    inter_ms: int = 2000
    fastinter_ms: int = 1000
    fall: int = 3
    rise: int = 2


LARGEST_BODY = 32 * 1024
"""Bytes of a request's body that a load balancer takes in whole before it hands the request over. A request for a token has some
hundred, a mapping of a federation some thousand; each that is on its way takes as much memory."""


@dataclass(frozen=True)
class Frontend:
    """A load-balanced entrance on a virtual IP, on the same port number as the backends.

    Args:
        port: name of the Port it balances.
        check: health check of each backend.
        mode: `http` terminates TLS at the VIP and re-encrypts, verified; `tcp` passes TLS through.
        scopes: virtual IPs it listens on.
        single_writer: one active backend, the others wait as sticky backups without fail-back.
        timeout_seconds: client and server inactivity; None: HAProxy service's default (60 s).
        capacity: requests (of mode `tcp`: connections) that the server on a node works on at a time, given the cloud and the node.
            The load balancer sends it one request fewer, and lets the others wait: its health check must not wait behind them.
            None, which only a database may say: what the pools of its clients may open.
        largest_body: of mode `http`: bytes of the largest body; a larger one is refused with 413. A request is handed over when
            all of it is there, so that a slow client holds no thread of a server. None: bodies are streamed as they come, and the
            service says itself how long it waits for one.
        checks_passwords: a POST makes the service check a password, expensive on purpose: their number per source is bounded.
    """

    port: str
    check: Check
    mode: Literal["http", "tcp"] = "http"
    scopes: tuple[Scope, ...] = ("internal",)
    single_writer: bool = False
    timeout_seconds: int | None = None
    capacity: Callable[[Any, Any], int] | None = None
    largest_body: int | None = LARGEST_BODY
    checks_passwords: bool = False
