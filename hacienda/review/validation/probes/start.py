"""Starts a daemon that has no check mode, until it serves; then ends it.

Called as: start.py FILE SERVES REFUSES COMMAND...
FILE is its configuration: every IPv4 address in it is given to the loopback interface, so that the daemon can listen there
(this runs in a network namespace of its own). SERVES is a pattern of the output line that tells that all is well, or
`listening`: a TCP port is open. REFUSES is a pattern of lines that mean the contrary; empty: none does.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from ipaddress import IPv4Address
from pathlib import Path

WAIT_SECONDS = 180.0
"""After which a daemon is ended that neither serves nor gives up. Keystone's application alone loads for some seconds."""

TAIL = 40
"""Lines of output that are shown of a daemon that does not start."""

LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp."""


class Daemon:
    """A daemon in a session of its own, and what it says."""

    def __init__(self, command: list[str]) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def end(self) -> None:
        """Kill it with all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def follow(self, serves: str, refuses: str) -> str:
        """What it has against its configuration; empty: it serves."""
        for line in self.process.stdout or ():
            self.tail.append(line.rstrip())
            if refuses and re.search(refuses, line):
                return line.rstrip()
            if re.search(serves, line):
                return ""
        return "\n".join(self.tail) or f"it ended with {self.process.wait()}"

    def await_port(self) -> str:
        """The same, where an open port is the sign."""
        reader = threading.Thread(target=lambda: self.tail.extend(self.process.stdout or ()), daemon=True)
        reader.start()
        while not listening():
            if self.process.poll() is not None:
                reader.join()
                return "".join(self.tail) or f"it ended with {self.process.returncode}"
            time.sleep(0.02)
        return ""


def listening() -> bool:
    """Whether any TCP port of this network namespace is open."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[3] == LISTENING for line in lines)


def give(text: str) -> None:
    """Give the loopback interface every address in a text."""
    for word in sorted(set(re.findall(r"\b\d+(?:\.\d+){3}\b", text))):
        with contextlib.suppress(ValueError):
            address = IPv4Address(word)
            if not (address.is_unspecified or address.is_loopback):
                subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)


def main(file: str, serves: str, refuses: str, *command: str) -> int:
    """Exit code: 1 when the daemon does not come to serve."""
    give(Path(file).read_text())
    daemon = Daemon([*command])
    limit = threading.Timer(WAIT_SECONDS, daemon.end)
    limit.start()
    try:
        said = daemon.await_port() if serves == "listening" else daemon.follow(serves, refuses)
    finally:
        limit.cancel()
        daemon.end()
    if said:
        print(f"{file}: {said}")  # noqa: T201
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
