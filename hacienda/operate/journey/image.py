"""The image that a journey boots: files of the operator's machine, or one that the cloud has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from hacienda.errors import InputError

FORMATS = {b"QFI\xfb": "qcow2", b"KDMV": "vmdk", b"conectix": "vpc", b"vhdxfile": "vhdx"}
"""First bytes of a disk image's file -> the name of its format in Glance. Without any of them it is raw."""


@dataclass(frozen=True)
class Image:
    """What to boot, and how the instance shows that it has booted.

    Args:
        disk: file of the disk; None: an empty one, or an image that the cloud has.
        kernel: file of the kernel, for a disk that boots without a boot loader.
        ramdisk: file of its initial ramdisk.
        command_line: the kernel's command line.
        name: name or identifier of an image that the cloud has; empty: files are uploaded.
        marker: text on the console when the guest has its address; empty: any text is enough.
        answers: whether the guest answers HTTP, and writes to disks on request, as Hacienda's own guest does.
        user: user who may log in with SSH and become root with sudo; empty: SSH is left out.
        memory: MiB of an instance.
    """

    disk: Path | None = None
    kernel: Path | None = None
    ramdisk: Path | None = None
    command_line: str = ""
    name: str = ""
    marker: str = ""
    answers: bool = False
    user: str = ""
    memory: int = 1024

    @classmethod
    def own(cls, kernel: Path, ramdisk: Path, command_line: str, marker: str) -> Self:
        """Hacienda's own guest. 128 MiB is what it needs."""
        return cls(kernel=kernel, ramdisk=ramdisk, command_line=command_line, marker=marker, answers=True, memory=128)

    @classmethod
    def of_file(cls, disk: Path, user: str = "") -> Self:
        """The file of a bootable disk.

        Raises:
            InputError: it cannot be read.
        """
        try:
            with disk.open("rb") as file:
                empty = not file.read(1)
        except OSError as error:
            raise InputError(f"{disk}: the image cannot be read: {error.strerror}") from None
        if empty:
            raise InputError(f"{disk}: the image is empty.")
        return cls(disk=disk, user=user)

    @classmethod
    def of_name(cls, name: str, user: str = "") -> Self:
        """An image that the cloud has."""
        return cls(name=name, user=user)


def disk_format(disk: Path) -> str:
    """The format of a disk image's file, as Glance names it."""
    with disk.open("rb") as file:
        start = file.read(8)
    return next((name for magic, name in FORMATS.items() if start.startswith(magic)), "raw")


def gibibytes(disk: Path) -> int:
    """Size of the disk that an instance needs for an image's file, rounded up."""
    with disk.open("rb") as file:
        head = file.read(32)
    # The header of qcow2 has the disk's size at byte 24, most significant byte first.
    size = int.from_bytes(head[24:32], "big") if head.startswith(b"QFI\xfb") else disk.stat().st_size
    return max(1, -(-size // 2**30))
