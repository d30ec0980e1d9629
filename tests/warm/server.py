"""`python -m tests.warm.server SOCKET`: has the provider's modules, and forks a provider for each client, until its input ends."""

from __future__ import annotations

import contextlib
import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import hacienda.provider.composition
import hacienda.provider.framework.server
import hacienda.remote.connections
import hacienda.remote.local  # noqa: F401 (the transport of the tests' nodes)


def serve(path: Path) -> None:
    """Answer clients; a process of its own watches over each."""
    # The dead are reaped by Python's handler between two calls, so that the time they took counts as the session's.
    signal.signal(signal.SIGCHLD, lambda number, frame: _reap())
    with socket.socket(socket.AF_UNIX) as listener:
        starting = path.with_suffix(".starting")
        listener.bind(str(starting))
        listener.listen(64)
        starting.rename(path)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _watch(client)
            client.close()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _watch(client: socket.socket) -> NoReturn:
    """Fork the provider, and say how it ended. It is killed when its client is; a client whose own parent is gone says so, and the
    provider finds itself without a parent as well."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, descriptors, _, _ = socket.recv_fds(client, 4, 3)
    length, text = int.from_bytes(head, "big"), b""
    while len(text) < length:
        text += client.recv(length - len(text))
    provider = os.fork()
    if provider == 0:
        client.close()
        _become(descriptors, text)
    for descriptor in descriptors:
        os.close(descriptor)
    ended = os.pidfd_open(provider)
    ready, _, _ = select.select([ended, client.fileno()], [], [])
    if ended not in ready:
        if not client.recv(6):
            os.kill(provider, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(provider, 0)
    client.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
    os._exit(0)


def _become(descriptors: list[int], text: bytes) -> NoReturn:
    """The provider, in the client's folder, with its variables and standard streams."""
    for descriptor, copy in zip(descriptors, range(3), strict=True):
        os.dup2(descriptor, copy)
        os.close(descriptor)
    folder, *variables = text.split(b"\0")
    os.chdir(folder)
    os.environb.clear()
    os.environb.update(dict(variable.split(b"=", 1) for variable in variables))
    sys.argv = ["hacienda.provider"]
    runpy.run_module("hacienda.provider", run_name="__main__", alter_sys=True)
    os._exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
