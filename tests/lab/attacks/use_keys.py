"""Run on a node as a daemon's user: tries what the keys open that it can read, and looks for secrets. Says in JSON what it got.

    python3 - '{"name": "internal.lab.internal", "authority": "PEM", "etcd": ["10.77.0.11"], "secrets": {"DIGEST": "NAME"}}'

DIGEST is of a line of a secret, so that no argument holds one. Python of the node alone: nothing of the project is there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PLACES = ("/etc", "/root", "/run", "/srv", "/usr/lib/hacienda", "/var/lib", "/var/log")
LARGEST = 1_000_000
WORD = re.compile(rb"[A-Za-z0-9+/=_-]{20,}")


def readable() -> Iterator[tuple[Path, bytes]]:
    """Every small file that this user can read, and what is in it."""
    for place in PLACES:
        for folder, _, names in os.walk(place, onerror=lambda _: None):
            for name in names:
                path = Path(folder) / name
                try:
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST:
                        yield path, path.read_bytes()
                except OSError:
                    continue


def certificate_of(key: Path, content: bytes) -> Path | None:
    """The certificate of a key: in the same file, or beside it."""
    if b"BEGIN CERTIFICATE" in content:
        return key
    beside = key.with_name(key.name.replace("key", "cert"))
    return beside if beside != key and os.access(beside, os.R_OK) else None


def answers(certificate: Path, key: Path, name: str, authority: str) -> bool:
    """Whether a client that trusts an authority takes a server with this key for `name`."""
    client = ssl.create_default_context(cadata=authority)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
    return not ends


def ran(*command: str) -> bool:
    """Whether a program succeeded."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def opened(shown: tuple[str, str] | None, addresses: list[str]) -> Iterator[str]:
    """Which ports of etcd take a client that shows this certificate, or none."""
    endpoints = ",".join(f"https://{address}:2379" for address in addresses)
    command = ["etcdctl", f"--endpoints={endpoints}", "--insecure-skip-tls-verify", "--dial-timeout=2s"]
    command += ["--command-timeout=3s", *([f"--cert={shown[0]}", f"--key={shown[1]}"] if shown else [])]
    if ran(*command, "put", f"/hacienda/attack/{os.getuid()}", "written"):
        yield "etcd"
    proof = ["--cert", shown[0], "--key", shown[1]] if shown else []
    address = addresses[0]
    if ran("curl", "-sk", "--http1.1", "--fail", "--max-time", "3", *proof, f"https://{address}:2380/members"):
        yield "etcd's members"


def main() -> None:
    """Prints what was got: keys by path, with what each opens, and names of secrets by path."""
    given: dict[str, Any] = json.loads(sys.argv[1])
    got: dict[str, Any] = {"keys": {}, "secrets": {}, "without a key": list(opened(None, given["etcd"]))}
    for path, content in readable():
        words = (hashlib.sha256(word).hexdigest() for word in WORD.findall(content))
        names = sorted({given["secrets"][word] for word in words if word in given["secrets"]})
        if names:
            got["secrets"][str(path)] = names
        if b"PRIVATE KEY-----" in content and (certificate := certificate_of(path, content)) is not None:
            try:
                as_api = answers(certificate, path, given["name"], given["authority"])
            except (OSError, ValueError):
                continue
            got["keys"][str(path)] = [
                *(["the API"] if as_api else []),
                *opened((str(certificate), str(path)), given["etcd"]),
            ]
    print(json.dumps(got))


if __name__ == "__main__":
    main()
