"""The front door of one controller, in a machine of the image without any network: its real HAProxy with the rendered
configuration, real uWSGIs with the rendered uwsgi.ini behind it, and strangers who attack it.

It runs inside that machine, below a folder that holds the nodes' files. Arguments: the folder, then the attacks, one after the
other, or at once where a `+` is between them. Its last line is what was felt, as JSON. All addresses of the environment are on the
loopback interface, so each client chooses where it comes from.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

VIP, API, SQL = "10.77.0.10", 5000, 3306
NODES = {"ctl-1": "10.77.0.11", "ctl-2": "10.77.0.12", "ctl-3": "10.77.0.13"}
OWN = NODES["ctl-2"]
STRANGERS = [f"10.77.0.{number}" for number in range(100, 130)]
"""Each attack comes from addresses of its own: what one has done counts for a minute."""
OTHER = "10.77.0.50"
PATIENCE = 20.0
APPLICATION = """
import json, os
def application(environ, start):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start("200 OK", [("Content-Type", "application/json")])
    seen = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps({"environ": seen, "body": len(body)}).encode()]
"""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def trust(folder: Path) -> ssl.SSLContext:
    """What clients verify the API with."""
    context = ssl.create_default_context(cafile=str(folder / "ctl-1/etc/haproxy/tls/ca.pem"))
    context.check_hostname = False  # they ask for an address
    return context


# What stands behind HAProxy


def place(folder: Path) -> None:
    """Put the files of the first node where its programs look for them, and every address on this machine."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (VIP, OTHER, *NODES.values(), *STRANGERS):
        subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)
    subprocess.run(["cp", "-r", f"{folder}/ctl-1/etc/haproxy", "/etc"], check=True)
    for place in ("/run/haproxy", "/run/keystone"):
        Path(place).mkdir(parents=True, exist_ok=True)


def application_server(folder: Path, node: str) -> subprocess.Popen[bytes]:
    """uWSGI as on a node, but that it serves an application that answers what it was asked."""
    home = folder / node
    (home / "application.py").write_text(APPLICATION)
    text = (home / "etc/keystone/uwsgi.ini").read_text()
    text = text.replace("/etc/keystone/tls", f"{home}/etc/keystone/tls").replace(
        "/run/keystone", f"/run/keystone/{node}"
    )
    text = re.sub(r"^wsgi-file = .*$", f"wsgi-file = {home}/application.py", text, flags=re.MULTILINE)
    text = re.sub(r"^(shared-import|chdir) = .*\n", "", text, flags=re.MULTILINE)
    Path(f"/run/keystone/{node}").mkdir(exist_ok=True)
    (home / "uwsgi.ini").write_text(text)
    log = (folder / f"{node}.log").open("wb")
    return subprocess.Popen(["uwsgi_python3", "--ini", str(home / "uwsgi.ini")], stdout=log, stderr=log)


async def database(folder: Path) -> None:
    """What stands for the database of each node: a checker that is content, and a port that greets."""

    async def check(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await reader.readline():
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")

    for node, address in NODES.items():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / node / "etc/mysql/tls/cert.pem", folder / node / "etc/mysql/tls/key.pem")
        await asyncio.start_server(check, address, 9200, ssl=context)
        await asyncio.start_server(greet, address, SQL)


# Clients


async def connect(source: str, port: int = API, tls: ssl.SSLContext | None = None, host: str = VIP) -> Connection:
    """A connection from an address."""
    return await asyncio.open_connection(host, port, local_addr=(source, 0), ssl=tls)


async def felt(what: Callable[[], Awaitable[Any]]) -> float | None:
    """Seconds until it was answered; None: it was not, in PATIENCE seconds."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            await what()
    except (OSError, EOFError):
        return None
    return round(time.monotonic() - began, 3)


async def ask(
    source: str, tls: ssl.SSLContext, head: str = "GET /v3", headers: str = "", body: bytes = b""
) -> tuple[int, str]:
    """One request to the API; its status and the answer's text."""
    reader, writer = await connect(source, tls=tls)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{head} HTTP/1.1\r\nHost: api\r\nConnection: close\r\n{length}{headers}\r\n".encode() + body)
    answer = (await reader.read()).decode(errors="replace")
    writer.close()
    if not answer:
        raise EOFError
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


async def api(source: str, tls: ssl.SSLContext) -> None:
    """Asks the API for something small."""
    status, _ = await ask(source, tls)
    if status != 200:
        raise EOFError(str(status))


async def sql(source: str) -> None:
    """Hears the database's greeting."""
    reader, writer = await connect(source, SQL)
    if not await reader.readline():
        raise EOFError
    writer.close()


async def health() -> None:
    """What keepalived asks."""
    reader, writer = await connect("127.0.0.1", 8404, host="127.0.0.1")
    writer.write(b"GET /health HTTP/1.0\r\n\r\n")
    if b" 200 " not in await reader.readline():
        raise EOFError
    writer.close()


async def others(tls: ssl.SSLContext, source: str = OTHER) -> dict[str, Any]:
    """What those feel who attack nothing."""
    return {
        "health": await felt(health),
        "database of a service": await felt(lambda: sql(OWN)),
        "database": await felt(lambda: sql(source)),
        "api of a service": await felt(lambda: api(OWN, tls)),
        "api": await felt(lambda: api(source, tls)),
    }


async def hold(
    sources: list[str], count: int, first: bytes = b"", tls: ssl.SSLContext | None = None
) -> list[Connection]:
    """Connections, in turn from each of the addresses, that send a beginning and then nothing."""
    held = []
    for number in range(count):
        try:
            async with asyncio.timeout(2):
                connection = await connect(sources[number % len(sources)], tls=tls)
        except OSError:
            continue
        if first:
            connection[1].write(first)
        held.append(connection)
    await asyncio.sleep(1)
    return held


async def still_open(held: list[Connection]) -> int:
    """How many of them nobody has closed."""

    async def ended(reader: asyncio.StreamReader) -> bool:
        try:
            async with asyncio.timeout(0.2):
                return not await reader.read()
        except TimeoutError:
            return False
        except OSError:
            return True

    return (await asyncio.gather(*(ended(reader) for reader, _ in held))).count(False)


async def let_go(found: dict[str, Any], held: list[Connection]) -> dict[str, Any]:
    """What was felt, once all that was held is closed."""
    for _, writer in held:
        writer.transport.abort()
    await asyncio.sleep(0.5)
    return found


# Attacks


async def silent(tls: ssl.SSLContext) -> dict[str, Any]:
    """More connections from one address than the whole load balancer takes; nothing is sent."""
    held = await hold(STRANGERS[:1], 1200)
    return await let_go({"open": await still_open(held), **await others(tls)}, held)


async def silent_from_many(tls: ssl.SSLContext) -> dict[str, Any]:
    """The same from so many addresses that none is conspicuous."""
    held = await hold(STRANGERS[10:], 1200)
    return await let_go({"open": await still_open(held), **await others(tls)}, held)


async def handshakes(tls: ssl.SSLContext) -> dict[str, Any]:
    """Half a TLS handshake each."""
    held = await hold(STRANGERS[1:2], 100, bytes.fromhex("160301020001000000"))
    before = await still_open(held)
    await asyncio.sleep(12)
    return await let_go({"open": before, "after 12 s": await still_open(held), **await others(tls)}, held)


async def drip(held: list[Connection]) -> None:
    """A byte a second for each of them, for as long as somebody takes it."""
    while True:
        for _, writer in held:
            if not writer.is_closing():
                writer.write(b" ")
        await asyncio.sleep(1)


async def slow_bodies(tls: ssl.SSLContext) -> dict[str, Any]:
    """More requests whose bodies come a byte a second than all servers have threads."""
    head = b"POST /v3/auth/tokens HTTP/1.1\r\nHost: api\r\nContent-Length: 10000\r\n\r\n{"
    held = await hold(STRANGERS[2:3], 60, head, tls)

    dripping = asyncio.create_task(drip(held))
    times = await asyncio.gather(*(felt(lambda: api(OTHER, tls)) for _ in range(22)))
    found = {"times": times, **await others(tls)}
    dripping.cancel()
    return await let_go(found, held)


async def long_bodies(tls: ssl.SSLContext) -> dict[str, Any]:
    """Bodies of which the first part comes at once, more than HAProxy keeps, and the rest a byte a second; announced and in
    chunks."""
    length = b"POST /v3/auth/tokens HTTP/1.1\r\nHost: api\r\nContent-Length: 200000\r\n\r\n" + b" " * 60000
    chunks = b"POST /v3/auth/tokens HTTP/1.1\r\nHost: api\r\nTransfer-Encoding: chunked\r\n\r\nEA60\r\n" + b" " * 59000
    held = [*await hold(STRANGERS[3:4], 30, length, tls), *await hold(STRANGERS[4:5], 30, chunks, tls)]
    dripping = asyncio.create_task(drip(held))
    times = await asyncio.gather(*(felt(lambda: api(OTHER, tls)) for _ in range(22)))
    answered, _ = await ask(OTHER, tls, "POST /v3", body=b" " * 32768)
    refused, _ = await ask(OTHER, tls, "POST /v3", body=b" " * 40000)
    found = {"times": times, "answered": answered, "refused": refused, "held": len(held), **await others(tls)}
    dripping.cancel()
    return await let_go(found, held)


async def forged(tls: ssl.SSLContext) -> dict[str, Any]:
    """Headers by which a client poses as a proxy."""
    names = (
        "Forwarded: for=192.0.2.66;host=evil.example;proto=http",
        "X-Forwarded-For: 192.0.2.66",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Port: 66",
        "X-Forwarded-Prefix: /evil",
        "x-forwarded-server: evil.example",
        "X_Forwarded_Host: evil.example",
        "X_Forwarded-Prefix: /evil",
        "X-Real-IP: 192.0.2.66",
        "X-Client-IP: 192.0.2.66",
        "True-Client-IP: 192.0.2.66",
        "X-Original-URL: /evil",
        "X-Rewrite-URL: /evil",
        "X-Scheme: evil",
        "Front-End-Https: evil",
        "Proxy: http://evil.example",
    )
    kept = "X-Auth-Token: kept\r\nOpenStack-API-Version: kept\r\n"
    _, answer = await ask(OTHER, tls, headers="\r\n".join(names) + "\r\n" + kept)
    environ = json.loads(answer)["environ"]
    return {name: value for name, value in environ.items() if name.startswith("HTTP_")}


async def passwords(tls: ssl.SSLContext) -> dict[str, Any]:
    """A stranger who tries passwords, another one, and one of the services."""

    async def many(source: str, count: int) -> dict[int, int]:
        found: dict[int, int] = {}
        for _ in range(count):
            status, _ = await ask(source, tls, "POST /v3/auth//tok%65ns", body=b"{}")
            found[status] = found.get(status, 0) + 1
        return found

    guessing = await many(STRANGERS[5], 40)
    reading, _ = await ask(STRANGERS[5], tls)
    return {"guessing": guessing, "reading": reading, "other": await many(OTHER, 1), "service": await many(OWN, 40)}


ATTACKS: dict[str, Callable[[ssl.SSLContext], Awaitable[dict[str, Any]]]] = {
    one.__name__: one for one in (silent, silent_from_many, handshakes, slow_bodies, long_bodies, forged, passwords)
}


async def run(folder: Path, groups: list[str]) -> dict[str, dict[str, Any]]:
    """The door in order, then the attacks."""
    tls = trust(folder)
    await database(folder)
    deadline = time.monotonic() + 30
    while None in (found := await others(tls)).values():
        if time.monotonic() > deadline:
            raise RuntimeError(f"the front door does not answer: {found}")
        await asyncio.sleep(0.5)
    felt_by: dict[str, dict[str, Any]] = {}
    for group in groups:
        names = group.split("+")
        felt_by.update(zip(names, await asyncio.gather(*(ATTACKS[name](tls) for name in names)), strict=True))
    return felt_by


def main() -> int:
    """0, and what was felt."""
    folder = Path(sys.argv[1])
    place(folder)
    log = (folder / "haproxy.log").open("wb")
    running = [application_server(folder, node) for node in NODES]
    haproxy = ["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"]
    running.append(subprocess.Popen(haproxy, stdout=log, stderr=log))
    try:
        print(json.dumps(asyncio.run(run(folder, sys.argv[2:]))), flush=True)
    finally:
        for process in running:
            process.send_signal(signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
