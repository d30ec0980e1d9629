"""The guest that Tempest boots: Hacienda's own, and an SSH server.

Its ramdisk is that of Hacienda's guest and a second archive after it, which the kernel unpacks over the first
(Documentation/driver-api/early-userspace/buffer-format.rst).

It asks the metadata service for its instance's key. Who has that key may log in as root.
"""

from __future__ import annotations

import gzip
import tempfile
from dataclasses import replace
from pathlib import Path

from hacienda.lab import apt_sources, guest
from hacienda.operate.journey.image import Image

PACKAGES = ("dropbear-bin", "libc6", "libcrypt1", "libgmp10", "libtomcrypt1", "libtommath1", "zlib1g")

LOADER = "ld-linux-x86-64.so.2"

LIBRARIES = ("libc.so.6", "libcrypt.so.1", "libgmp.so.10", "libtomcrypt.so.1", "libtommath.so.1", "libz.so.1")

APPLETS = ("awk", "env", "grep", "hostname", "ls", "mkdir", "ping", "sync", "true", "uname", "uptime")
"""Programs that Tempest's tests run in a guest, beside those of Hacienda's guest."""

START = "ssh-guest"

USER = "root"

MEMORY = 160
"""MiB of an instance: the libraries of the SSH server are in its memory."""

_SCRIPTS = {START: "start.sh", "bin/curl": "curl.sh", "bin/sudo": "sudo.sh"}
"""Paths in the guest, and the scripts that become them."""

_FILES = {"etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n", "etc/shells": "/bin/sh\n"}


def with_ssh(own: Image, folder: Path, mirror: apt_sources.Mirror, proxy: str | None) -> Image:
    """Hacienda's guest with an SSH server.

    Args:
        own: Hacienda's guest.
        folder: folder for the files of this guest.
        mirror: the Debian archive that packages come from.
        proxy: HTTP proxy to the archive; None: the one that the machine's own apt uses.
    """
    assert own.ramdisk is not None
    with tempfile.TemporaryDirectory(dir=folder) as work:
        added = archive(guest.unpacked(Path(work), mirror, proxy, PACKAGES))
    ramdisk = folder / "initrd"
    ramdisk.write_bytes(own.ramdisk.read_bytes() + added)
    return replace(own, ramdisk=ramdisk, command_line=f"{own.command_line} rdinit=/{START}", memory=MEMORY)


def archive(packages: Path) -> bytes:
    """The second archive, from unpacked packages."""
    files = {path: text.encode() for path, text in _FILES.items()}
    files |= {path: (Path(__file__).parent / "files" / name).read_bytes() for path, name in _SCRIPTS.items()}
    files |= {"bin/dropbear": (packages / "usr/sbin/dropbear").read_bytes()}
    libraries = packages / "usr/lib/x86_64-linux-gnu"
    files |= {f"lib64/{LOADER}": (libraries / LOADER).read_bytes()}
    files |= {f"lib/{name}": (libraries / name).read_bytes() for name in LIBRARIES}
    links = {f"bin/{name}": "busybox" for name in APPLETS}
    return gzip.compress(guest.archive(files, links, ("etc/dropbear", "root/.ssh")), compresslevel=6, mtime=0)
