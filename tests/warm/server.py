"""`python -m tests.warm.server SOCKET`: imports what clients ask for, and forks a process for each, until its input ends."""

from __future__ import annotations

import contextlib
import importlib
import os
import runpy
import select
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tests.warm import MODULES


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
            try:
                request = _received(client)
            except (OSError, EOFError):  # it was killed before it had said what it wants
                client.close()
                continue
            for module in MODULES[request.module]:
                importlib.import_module(module)
            if os.fork() == 0:
                listener.close()
                _watch(client, request)
            client.close()
            for descriptor in request.streams:
                os.close(descriptor)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


@dataclass(frozen=True)
class Request:
    """What a client stands for: standard streams, folder, module, its arguments, variables."""

    streams: list[int]
    folder: bytes
    module: str
    arguments: list[str]
    variables: dict[bytes, bytes]


def _received(client: socket.socket) -> Request:
    client.settimeout(60)
    head, streams, _, _ = socket.recv_fds(client, 4, 3)
    length, text = int.from_bytes(head, "big"), b""
    while len(text) < length or len(head) < 4:
        more = client.recv(length - len(text)) if len(head) == 4 else b""
        if not more:
            for descriptor in streams:
                os.close(descriptor)
            raise EOFError
        text += more
    folder, count, *words = text.split(b"\0")
    # -P -m MODULE ARGUMENTS...
    _, _, module, *arguments = (os.fsdecode(word) for word in words[: int(count)])
    variables = dict(word.split(b"=", 1) for word in words[int(count) :])
    return Request(streams, folder, module, arguments, variables)


def _watch(client: socket.socket, request: Request) -> None:
    """Fork what was asked for, and say how it ended. It is killed when its client is; a client whose own parent is gone says so,
    and it finds itself without a parent as well."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        client.close()
        _become(request)
    for descriptor in (*request.streams, 0, 1, 2):
        os.close(descriptor)
    ended = os.pidfd_open(child)
    ready, _, _ = select.select([ended, client.fileno()], [], [])
    if ended not in ready:
        if not client.recv(6):
            os.kill(child, signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    client.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
    os._exit(0)


def _become(request: Request) -> NoReturn:
    """Run the module as Python would, in this process, and leave. What it starts with its own Python starts at once, too."""
    for descriptor, copy in zip(request.streams, range(3), strict=True):
        os.dup2(descriptor, copy)
        os.close(descriptor)
    # The server's own remember whether they can be sought in.
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    os.chdir(request.folder)
    os.environb.clear()
    os.environb.update(request.variables)
    sys.executable = os.environ.get("HACIENDA_PYTHON", sys.executable)
    sys.argv = [request.module, *request.arguments]
    runpy.run_module(request.module, run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
