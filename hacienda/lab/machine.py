"""The facts about a machine that the lab needs to run on it."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hacienda import errors
from hacienda.lab import apt_sources, command, daemon, layout

SUBORDINATE = ("/etc/subuid", "/etc/subgid")

LIMITS = {
    "fs.aio-max-nr": 524288,
    "fs.inotify.max_user_instances": 1048576,
    "fs.inotify.max_user_watches": 1048576,
    "kernel.keys.maxbytes": 2000000,
    "kernel.keys.maxkeys": 2000,
}
"""Kernel limits that all containers share, because their users are the same ones on the host, and the values that Incus' page on
server settings for production recommends. With Debian's 128 instances of inotify, the seventh machine boots without a network."""


@dataclass(frozen=True)
class HostMachine:
    """A machine, as examined.

    Args:
        os_id: `debian` or `ubuntu`, from os-release.
        version: `12`, `24.04`, ...
        codename: `bookworm`, `noble`, ...
        systemd: whether systemd is process 1.
        policy: whether a /usr/sbin/policy-rc.d already decides which packages may start daemons.
        installed: the requested packages that are installed.
        sources: apt's enabled sources.
        unmapped: files of /etc/subuid and /etc/subgid that give root no subordinate ids.
        marked: whether the lab's folder exists and is marked as a lab's.
        running: whether the lab's daemon answers.
        free_bytes: free space on the file system of the lab's folder.
        limits: kernel limits of LIMITS below the value there -> that value.
    """

    os_id: str
    version: str
    codename: str
    systemd: bool
    policy: bool
    installed: frozenset[str]
    sources: tuple[apt_sources.Source, ...]
    unmapped: tuple[str, ...]
    marked: bool
    running: bool
    free_bytes: int
    limits: tuple[tuple[str, int], ...] = ()


def look(lab: layout.Lab, packages: Iterable[str]) -> HostMachine:
    """Examine this machine. Changes nothing.

    Raises:
        errors.ToolError: it has no apt.
    """
    if shutil.which("dpkg-query") is None:
        raise errors.ToolError(
            "The lab needs a machine with apt.",
            "Use Debian 12, Debian 13 or Ubuntu 24.04, on a machine or in a container.",
        )
    release = parse_os_release(Path("/etc/os-release").read_text())
    existing = next(path for path in (lab.folder, *lab.folder.parents) if path.exists())
    return HostMachine(
        os_id=release.get("ID", ""),
        version=release.get("VERSION_ID", ""),
        codename=release.get("VERSION_CODENAME", ""),
        systemd=Path("/run/systemd/system").is_dir(),
        policy=Path("/usr/sbin/policy-rc.d").exists(),
        installed=_installed(packages),
        sources=apt_sources.read(),
        unmapped=tuple(path for path in SUBORDINATE if not maps_root(_text(path))),
        marked=lab.marker.is_file(),
        running=daemon.answers(lab),
        free_bytes=shutil.disk_usage(existing).free,
        limits=tuple(
            (name, least)
            for name, least in LIMITS.items()
            if limit(name).exists() and int(limit(name).read_text()) < least
        ),
    )


def parse_os_release(text: str) -> dict[str, str]:
    """The variables of an os-release file."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): "".join(shlex.split(value)) for key, value in pairs}


def maps_root(text: str) -> bool:
    """Whether a subuid or subgid file gives root enough ids for unprivileged containers (at least 65,536)."""
    rows = (line.split(":") for line in text.splitlines())
    return any(row[0] in ("root", "0") and row[2].isdigit() and int(row[2]) >= 65536 for row in rows if len(row) == 3)


def require_root() -> None:
    """Raise `errors.ToolError` unless this process runs as root."""
    if os.geteuid() != 0:
        raise errors.ToolError("The lab needs root: it starts a daemon and mounts a storage pool.", "Run it with sudo.")


def _installed(packages: Iterable[str]) -> frozenset[str]:
    status = command.run(("dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"))
    present = {line.split()[0] for line in status.splitlines() if line.endswith(" installed")}
    return frozenset(present.intersection(packages))


def limit(name: str) -> Path:
    """The file of a kernel limit."""
    return Path("/proc/sys", *name.split("."))


def _text(path: str) -> str:
    file = Path(path)
    return file.read_text() if file.exists() else ""
