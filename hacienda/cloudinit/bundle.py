"""A node's bundle: a manifest, content-addressed files and the program that installs them, as one reproducible archive.

Neither tarfile nor zlib writes it. Another zlib (zlib-ng, for one) compresses the same bytes differently, and the bundle's
hash is in the plan: two operators' machines must agree on it. So the gzip frame holds stored blocks, and the tar headers
are written here; a thousand bundles then cost little more than hashing them.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from hacienda.cloudinit import programs
from hacienda.cloudinit.rendered import RenderedFile

VERSION = 1
"""Version of the manifest's shape; hacienda-apply refuses others."""

_BLOCK = 512
_STORED = 0xFFFF
"""Most bytes one stored deflate block can hold (RFC 1951, 3.2.4)."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Deflate, no name, mtime 0, unknown operating system (RFC 1952, 2.3)."""


def manifest_text(
    head: Mapping[str, Any],
    packages: Iterable[str],
    services: Iterable[Mapping[str, Any]],
    files: Iterable[RenderedFile],
) -> str:
    """manifest.json, one line per file and service, so that two of them can be compared with diff."""
    lines = [f'"{key}": {json.dumps(value)}' for key, value in sorted({"version": VERSION, **head}.items())]
    lines.append(f'"packages": {json.dumps(sorted(set(packages)))}')
    lines.append(_list("services", [json.dumps(service, sort_keys=True) for service in services]))
    lines.append(_list("files", [file.manifest_line for file in files]))
    return "{" + ",\n".join(lines) + "}\n"


def _list(key: str, lines: list[str]) -> str:
    return f'"{key}": [\n' + ",\n".join(lines) + "\n]"


def archive(manifest: str, files: Iterable[RenderedFile]) -> bytes:
    """bundle.tar.gz, the same bytes on every machine."""
    contents = {file.sha256: file for file in files if file.kind != "directory" or file.secrets}
    members = {f"files/{digest}": _member(f"files/{digest}", file.content) for digest, file in contents.items()}
    members["manifest.json"] = _member("manifest.json", manifest.encode())
    members.update(_installer())
    tar = b"".join(members[name] for name in sorted(members)) + bytes(2 * _BLOCK)
    return _gzip(tar)


def digest(bundle: bytes) -> str:
    """What a bundle is known by: its sha256, hex."""
    return hashlib.sha256(bundle).hexdigest()


@functools.cache
def _installer() -> Mapping[str, bytes]:
    """bin/hacienda-apply and the package it imports."""
    members = {"bin/hacienda-apply": _member("bin/hacienda-apply", programs.launcher("apply").encode(), 0o755)}
    for name, text in programs.modules().items():
        path = f"bin/{name}"
        members[path] = _member(path, text.encode())
    return members


def _member(name: str, data: bytes, mode: int = 0o644) -> bytes:
    """One file of a ustar archive: root's, from 1970."""
    fields = struct.pack(
        "100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x",
        name.encode(),
        b"%07o\0" % mode,
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % len(data),
        b"00000000000\0",
        b" " * 8,
        b"0",
        b"",
        b"ustar\0",
        b"00",
        b"root",
        b"root",
        b"0000000\0",
        b"0000000\0",
        b"",
    )
    header = fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
    return header + data + bytes(-len(data) % _BLOCK)


def _gzip(data: bytes) -> bytes:
    parts = [_GZIP_HEADER]
    starts = range(0, len(data), _STORED)
    for start in starts:
        block = data[start : start + _STORED]
        parts.append(struct.pack("<BHH", start == starts[-1], len(block), len(block) ^ 0xFFFF))
        parts.append(block)
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
