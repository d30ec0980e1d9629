"""A node's bundle: a manifest, content-addressed files and the program that installs them, as one reproducible archive.

The bundle's hash is in the plan, so two operators' machines must agree on it. But another zlib (such as zlib-ng) compresses the
same bytes differently. So this module uses neither tarfile nor zlib: it writes the tar headers itself, and stored blocks into the
gzip frame. A thousand bundles then cost little more than hashing them.
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
"""Version of the manifest's format; hacienda-apply refuses others."""

_BLOCK = 512
_STORED = 0xFFFF
"""Most bytes that one stored deflate block can hold (RFC 1951, 3.2.4)."""
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Deflate, no name, mtime 0, unknown operating system (RFC 1952, 2.3)."""


def manifest(
    head: Mapping[str, str],
    packages: Iterable[str],
    services: Iterable[Mapping[str, Any]],
    assumptions: Iterable[Mapping[str, str]],
    files: Iterable[RenderedFile],
) -> dict[str, Any]:
    """The declared state of a node.

    Args:
        head: names of the environment and the node.
        services: facts about each service, in start order.
        assumptions: what the services rely on in their packages.
    """
    return {
        "version": VERSION,
        **head,
        "packages": sorted(set(packages)),
        "services": list(services),
        "assumptions": list(assumptions),
        "files": [file.manifest_entry for file in files],
    }


def manifest_text(content: Mapping[str, Any], files: Iterable[RenderedFile]) -> str:
    """manifest.json, with one line for each file and service, so that `diff` can compare two of them."""
    lists = {
        **{key: [json.dumps(entry, sort_keys=True) for entry in content[key]] for key in ("services", "assumptions")},
        "files": [file.manifest_line for file in files],
    }
    lines = {key: _list(lists[key]) if key in lists else json.dumps(value) for key, value in content.items()}
    return "{" + ",\n".join(f'"{key}": {text}' for key, text in lines.items()) + "}\n"


def _list(lines: Iterable[str]) -> str:
    return "[\n" + ",\n".join(lines) + "\n]"


def archive(manifest: str, files: Iterable[RenderedFile]) -> bytes:
    """bundle.tar.gz, the same bytes on every machine: the manifest, contents by their hash, and finally `bin/`. The installer is
    one of the files that it installs, so the entries of `bin/` are hard links to contents."""
    contents = {file.sha256: file for file in files if file.kind != "directory" or file.secrets}
    executable = {programs.installer()["bin/hacienda-apply"]}
    members = [_member("manifest.json", manifest.encode())]
    members += [
        _member(f"files/{sha256}", contents[sha256].content, 0o755 if sha256 in executable else 0o644)
        for sha256 in sorted(contents)
    ]
    members += [_link(name, f"files/{sha256}") for name, sha256 in sorted(programs.installer().items())]
    return _gzip(b"".join((*members, bytes(2 * _BLOCK))))


def digest(bundle: bytes) -> str:
    """The sha256 of a bundle, hex."""
    return hashlib.sha256(bundle).hexdigest()


@functools.lru_cache(maxsize=1024)
def _member(name: str, data: bytes, mode: int = 0o644) -> bytes:
    """One file of a ustar archive. Cached, because many nodes share files."""
    return _header(name, len(data), mode) + data + bytes(-len(data) % _BLOCK)


@functools.cache
def _link(name: str, target: str) -> bytes:
    """A hard link to an earlier file of the archive."""
    return _header(name, 0, 0o644, target)


def _header(name: str, size: int, mode: int, target: str = "") -> bytes:
    """Header of a file that belongs to root, with the time 0."""
    fields = struct.pack(
        "100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x",
        name.encode(),
        b"%07o\0" % mode,
        b"0000000\0",
        b"0000000\0",
        b"%011o\0" % size,
        b"00000000000\0",
        b" " * 8,
        b"1" if target else b"0",
        target.encode(),
        b"ustar\0",
        b"00",
        b"root",
        b"root",
        b"0000000\0",
        b"0000000\0",
        b"",
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _gzip(data: bytes) -> bytes:
    parts = [_GZIP_HEADER]
    starts = range(0, len(data), _STORED)
    for start in starts:
        block = data[start : start + _STORED]
        parts.append(struct.pack("<BHH", start == starts[-1], len(block), len(block) ^ 0xFFFF))
        parts.append(block)
    parts.append(struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))
    return b"".join(parts)
