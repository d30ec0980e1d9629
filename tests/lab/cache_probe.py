"""Asks a cache region of oslo.cache as Keystone does, with the image's libraries: `cache_probe.py sealed|plain CASE`, prints JSON.

`plain` is oslo.cache's pool as it is, `sealed` has sealed_cache.py, beside this file, in its place. CASE is `rogue`: a server that
answers with values of its own; `killed` or `stopped`: one of three real servers dies or hangs while values are written and read.
"""

from __future__ import annotations

import itertools
import json
import os
import pickle
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PICKLED, COMPRESSED = 1, 8
"""python-memcached's flags of a value."""
PORT = 21211
VALUE = {"roles": [{"id": "a" * 32, "name": "member"}] * 10, "seconds": 1.5}
ROUNDS = 300


class Command:
    """A value that leaves a file where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


class Rogue(socketserver.ThreadingTCPServer):
    """Answers each question with the next of its values, whatever was asked, and keeps nothing."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answers: Iterator[tuple[int, bytes]]) -> None:
        super().__init__(("127.0.0.1", PORT), _Answer)
        self.answers = answers
        self.written: list[tuple[int, bytes]] = []


class _Answer(socketserver.StreamRequestHandler):
    server: Rogue

    def handle(self) -> None:
        for line in self.rfile:
            command, *words = line.split()
            if command == b"set":
                self.server.written.append((int(words[1]), self.rfile.read(int(words[3]) + 2)[:-2]))
                self.wfile.write(b"STORED\r\n")
            if command == b"get":
                for key in words:
                    flags, value = next(self.server.answers)
                    self.wfile.write(b"VALUE %s %d %d\r\n%s\r\n" % (key, flags, len(value), value))
                self.wfile.write(b"END\r\n")


def region(sealed: bool, servers: list[str], folder: Path) -> Any:
    """A region as keystone.conf configures one."""
    from oslo_cache import core
    from oslo_config import cfg

    if sealed:
        import sealed_cache  # noqa: F401 it registers itself

    key = folder / "cache.key"
    key.write_text("k" * 48)
    conf = cfg.ConfigOpts()
    core.configure(conf)
    conf([])
    where: tuple[str, list[str]] = ("memcache_servers", servers)
    if sealed:
        where = ("backend_argument", [f"servers:{','.join(servers)}", f"key_file:{key}"])
    options = {
        "enabled": True,
        "backend": "oslo_cache.memcache_pool",
        "memcache_socket_timeout": 0.3,
        "memcache_dead_retry": 60,
    }
    for name, value in (
        *options.items(),
        ("memcache_pool_maxsize", 8),
        where,
        *([("memcache_servers", [])] if sealed else []),
    ):
        conf.set_override(name, value, "cache")
    made = core.create_region()
    core.configure_cache_region(conf, made)
    return made


def rogue(sealed: bool, folder: Path) -> dict[str, Any]:
    """What became of a command, and which of the rogue's answers counted as values."""
    mark = folder / "ran"
    evil = pickle.dumps(Command(mark))
    server = Rogue(iter(()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = region(sealed, [f"127.0.0.1:{PORT}"], folder)
    asked.set("own", VALUE)
    own = server.written[0]
    forged = bytes([own[1][0] ^ 1]) + own[1][1:]
    answers = {
        "pickled": (PICKLED, evil),
        "pickled and compressed": (PICKLED | COMPRESSED, zlib.compress(evil)),
        "compressed": (COMPRESSED, zlib.compress(own[1])),
        "text": (16, b"admin"),
        "no text": (16, b"\xff"),
        "no number": (2, b"admin"),
        "unknown": (64, b"admin"),
        "bytes": (0, b"admin"),
        "empty": (0, b""),
        "forged": (own[0], forged),
        "of another key": own,
    }
    twice = itertools.chain.from_iterable(zip(answers.values(), answers.values(), strict=True))
    server.answers = itertools.chain(twice, itertools.repeat(own))
    believed = []
    for name in answers:
        try:
            if any([asked.get("another"), *asked.get_multi(["another"])]):
                believed.append(name)
        except (AttributeError, TypeError, ValueError) as error:
            believed.append(f"{name}: {type(error).__name__}")
    return {"ran": mark.exists(), "believed": believed, "own": sealed and asked.get("own") == VALUE}


def outage(sealed: bool, number: signal.Signals, folder: Path) -> dict[str, Any]:
    """How many of the written values were read, before and after one server's end, and the slow operations, in seconds."""
    command = ["memcached", "-u", "memcache", "-U", "0", "-l", "127.0.0.1", "-p"]
    servers = [subprocess.Popen([*command, str(PORT + place)]) for place in range(3)]
    time.sleep(1)
    try:
        asked = region(sealed, [f"127.0.0.1:{PORT + place}" for place in range(3)], folder)
        found = {"before": _round(asked)}
        servers[0].send_signal(number)
        return found | {"first": _round(asked), "then": _round(asked)}
    finally:
        for server in servers:
            server.kill()


def _round(asked: Any) -> dict[str, Any]:
    read, slow = 0, []
    for place in range(ROUNDS):
        begin = time.monotonic()
        asked.set(str(place), VALUE)
        read += asked.get(str(place)) == VALUE
        slow += [seconds] if (seconds := round(time.monotonic() - begin, 2)) > 0.2 else []
    return {"read": read, "slow": slow}


def main() -> None:
    """Runs one case."""
    sealed, case = sys.argv[1] == "sealed", sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        if case == "rogue":
            found = rogue(sealed, Path(folder))
        else:
            found = outage(sealed, signal.SIGKILL if case == "killed" else signal.SIGSTOP, Path(folder))
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # the rogue's thread may sit in a read


if __name__ == "__main__":
    main()
