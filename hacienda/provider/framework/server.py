"""Serves Terraform: go-plugin's handshake, and a gRPC server on a unix socket for this user only."""

from __future__ import annotations

import base64
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from hacienda.provider.framework import certificate
from hacienda.provider.framework.operations import Provider
from hacienda.provider.protocol import tfplugin6_pb2 as wire

_COOKIE = "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"
"""Terraform's value of TF_PLUGIN_MAGIC_COOKIE. It is public, and only shows that Terraform is the caller."""

_WORKERS = 64
"""Operations at a time. Terraform itself requests -parallelism (10)."""

_MESSAGE_LIMIT = 256 << 20
"""Bytes of the largest message: Terraform's own limit."""

_PROCEDURES = (
    "GetMetadata",
    "GetProviderSchema",
    "GetFunctions",
    "ValidateProviderConfig",
    "ConfigureProvider",
    "ValidateResourceConfig",
    "UpgradeResourceState",
    "ReadResource",
    "PlanResourceChange",
    "ApplyResourceChange",
    "ImportResourceState",
    "StopProvider",
)


def started_by_terraform() -> bool:
    """Whether Terraform started this process."""
    return os.environ.get("TF_PLUGIN_MAGIC_COOKIE") == _COOKIE


def serve(provider: Provider, leave: Callable[[], None]) -> None:
    """Serve until Terraform calls Shutdown or ends. Then call `leave()`, and end the process without waiting for
    workers."""
    # Ctrl-C reaches the whole process group. Terraform decides about it, and calls StopProvider.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent, done = os.getppid(), threading.Event()
    with tempfile.TemporaryDirectory(prefix="hacienda-") as folder:  # mode 0700
        socket = Path(folder) / "provider.sock"
        pinned = certificate.issue()
        server = _server(provider, done)
        # Only the server has a certificate, because grpcio refuses the client key that go-plugin generates (P-521).
        server.add_secure_port(f"unix://{socket}", grpc.ssl_server_credentials([(pinned.key, pinned.pem)]))
        server.start()
        encoded = base64.b64encode(pinned.der).decode().rstrip("=")
        sys.stdout.write(f"1|6|unix|{socket}|grpc|{encoded}\n")
        sys.stdout.flush()
        while not done.wait(1.0) and os.getppid() == parent:
            pass
        server.stop(0.2).wait()
        leave()
    os._exit(0)


def _server(provider: Provider, done: threading.Event) -> grpc.Server:
    limits = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
    server = grpc.server(futures.ThreadPoolExecutor(_WORKERS), options=limits)
    methods = {name: _method(getattr(provider, name), getattr(wire, name)) for name in _PROCEDURES}
    stdio = grpc.unary_stream_rpc_method_handler(lambda request, context: iter(()))

    def shutdown(data: bytes, context: object) -> bytes:
        done.set()
        return b""

    shut = grpc.unary_unary_rpc_method_handler(shutdown)
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("tfplugin6.Provider", methods),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": shut}),
            grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": stdio}),
        )
    )
    return server


def _method(procedure: Callable[[Any], Any], messages: Any) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        lambda request, context: procedure(request),
        request_deserializer=messages.Request.FromString,
        response_serializer=messages.Response.SerializeToString,
    )
