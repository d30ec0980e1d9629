"""Ports a service listens on and the load-balanced front ends before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Clients = Literal["peers", "internal", "public", "operator"]
"""Who may connect: nodes of the same service (single addresses), every machine of the environment (the management
network), anybody who reaches the public network, or the operator (anybody on the management network or the addresses the
environment file names)."""

Scope = Literal["internal", "public"]
"""Which virtual IP a front end listens on. An environment with one virtual IP serves both on it."""


@dataclass(frozen=True)
class Port:
    """One port a service listens on, on the node's own address (never 0.0.0.0: HAProxy binds the VIP on the same number).

    Args:
        name: what it is for; front ends, checks and endpoints refer to it.
        number: 1 to 65535.
        clients: who may connect; the host firewall is derived from it.
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
        inter_ms: milliseconds between checks of a healthy backend (ha-reference: 2 s for HTTP services).
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
    """

    port: str
    check: Check
    mode: Literal["http", "tcp"] = "http"
    scopes: tuple[Scope, ...] = ("internal",)
    single_writer: bool = False
    timeout_seconds: int | None = None
