"""File systems to which the node's services write: full, out of inodes, over a quota, or read-only."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hacienda.cloudinit.node.fault import Fault

LEAST = 64 * 2**20
"""Bytes that must be free for users other than root. etcd allocates its log in pieces of 64 MiB (SegmentSizeBytes in
its wal package). RabbitMQ blocks publishers below 50 MB (disk_free_limit)."""

LEAST_INODES = 1000
"""Number of files that must still fit."""

_MIB = 2**20


def faults(folders: Mapping[Path, Iterable[str]]) -> list[Fault]:
    """One fault at most for each file system.

    Args:
        folders: folder -> services that write to it. A folder that does not exist counts as its nearest parent.
    """
    systems: dict[int, list[tuple[Path, tuple[str, ...]]]] = {}
    for folder, services in folders.items():
        there = next(path for path in (folder, *folder.parents) if path.is_dir())
        systems.setdefault(there.stat().st_dev, []).append((there, tuple(services)))
    found = []
    for members in systems.values():
        services = tuple(sorted({name for _, names in members for name in names}))
        fault = _of(members[0][0], services)
        if fault is not None:
            found.append(fault)
    return found


def _of(folder: Path, services: tuple[str, ...]) -> Fault | None:
    refused = _refusal(folder)
    source, kind, top = _mount(folder)
    place = f"{top} ({source}, {kind})"
    what, fix = _wrong(os.statvfs(folder), refused, top)
    return Fault("storage", f"the disk of {place} {what}", fix, services) if what else None


def _wrong(status: os.statvfs_result, refused: int, top: str) -> tuple[str, str]:
    """The fault of a file system, and its fix; empty: no fault.

    Args:
        refused: the error on writing a file of LEAST bytes; 0: none.
        top: its mount point.
    """
    free, size = status.f_bavail * status.f_frsize, status.f_blocks * status.f_frsize
    room = f"make room: du -xh --max-depth=3 {top} | sort -h | tail"
    why = "dmesg on this node says why"
    if refused == errno.EROFS or status.f_flag & os.ST_RDONLY:
        return "is read-only", f"{why}; the kernel does this when a disk fails. Repair the disk, then restart the node"
    if free < LEAST:
        return f"is full: {free // _MIB} MiB of {_size(size)} are free, {LEAST // _MIB} MiB are needed", room
    if status.f_files and status.f_favail < LEAST_INODES:
        many = f"remove files, because many small ones use all inodes: du --inodes -x {top} | sort -n | tail"
        return f"is full: {status.f_favail} of {status.f_files} inodes are free", many
    if refused in (errno.EDQUOT, errno.ENOSPC):
        why = os.strerror(refused)
        what = f"is full: it does not accept {LEAST // _MIB} MiB more ({why}), though {_size(free)} of the file system are free"
        return what, f"raise this machine's quota, or {room}"
    return (f"cannot be written: {os.strerror(refused)}", why) if refused else ("", "")


def _refusal(folder: Path) -> int:
    """The error on writing an unnamed temporary file of LEAST bytes; 0: there is space. Nothing else reveals a
    quota."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            os.posix_fallocate(file.fileno(), 0, LEAST)
    except OSError as error:
        return error.errno or errno.EIO
    return 0


def _mount(folder: Path) -> tuple[str, str, str]:
    """Source, type and mount point of a folder's file system, from the kernel's own list (proc(5), mountinfo)."""
    best = ("?", "?", "/")
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if folder.is_relative_to(point) and len(point) >= len(best[2]):
            kind, source = after.split()[:2]
            best = (source, kind, point)
    return best


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count // _MIB} MiB"
