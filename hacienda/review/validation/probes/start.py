"""Starts a daemon that has no check mode, waits until it serves, and ends it.

Called as: start.py FILE SERVES REFUSES COMMAND...
FILE is the daemon's configuration. The loopback interface gets every IPv4 address in it, so that the daemon can listen there
(this program runs in a separate network namespace). SERVES is a pattern of the output line that proves that the daemon serves,
or `listening`: a TCP port is open. REFUSES is a pattern of lines before that which mean refusal; empty: no line does.
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
"""Time limit of a daemon that neither serves nor ends. Keystone's application alone takes some seconds to load."""

TAIL = 40
"""Last lines of output that are shown if a daemon does not start."""

LISTENING = "0A"
"""State of a listening socket in /proc/net/tcp."""


class Daemon:
    """A daemon in a separate session, and its output."""

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
        """Kill the daemon with all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def follow(self, serves: str, refuses: str) -> str:
        """The daemon's complaint about its configuration; empty: it serves."""
        for line in self.process.stdout or ():
            self.tail.append(line.rstrip())
            if refuses and re.search(refuses, line):
                return line.rstrip()
            if re.search(serves, line):
                return ""
        return "\n".join(self.tail) or f"it ended with exit code {self.process.wait()}"

    def await_port(self, refuses: str) -> str:
        """As `follow`, but an open port proves that the daemon serves. It is ended then."""
        reader = threading.Thread(target=lambda: self.tail.extend(self.process.stdout or ()), daemon=True)
        reader.start()
        while not listening():
            if self.process.poll() is not None:
                reader.join()
                return "".join(self.tail) or f"it ended with exit code {self.process.returncode}"
            time.sleep(0.02)
        self.end()
        reader.join()
        return next((line.rstrip() for line in self.tail if refuses and re.search(refuses, line)), "")


def listening() -> bool:
    """Whether any TCP port of this network namespace is open."""
    lines = Path("/proc/self/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[3] == LISTENING for line in lines)


def give(text: str) -> None:
    """Add every address in a text to the loopback interface."""
    for word in sorted(set(re.findall(r"\b\d+(?:\.\d+){3}\b", text))):
        with contextlib.suppress(ValueError):
            address = IPv4Address(word)
            if not (address.is_unspecified or address.is_loopback):
                subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)


def main(file: str, serves: str, refuses: str, *command: str) -> int:
    """Exit code: 1 if the daemon does not serve."""
    give(Path(file).read_text())
    daemon = Daemon([*command])
    limit = threading.Timer(WAIT_SECONDS, daemon.end)
    limit.start()
    try:
        said = daemon.await_port(refuses) if serves == "listening" else daemon.follow(serves, refuses)
    finally:
        limit.cancel()
        daemon.end()
    if said:
        print(f"{file}: {said}")  # noqa: T201
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
