"""Paths and names of a lab on the host."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FOLDER = Path("/var/lib/hacienda-lab")

IMAGE = "hacienda-debian-13"
"""Alias that machines boot from. It stays the same after another build of the image, so that Terraform replaces no
machine."""


@dataclass(frozen=True)
class Lab:
    """The lab's own Incus daemon, independent of others on the machine.

    Labs in different folders are independent, because daemon, pool, projects and images are in the folder. They share
    only the host's network, so their bridges need different names and subnets.

    Args:
        folder: the daemon's folder (INCUS_DIR). The lab writes only below it.
        pool: name of the storage pool.
        pool_size: size of the pool's sparse loop file, in Incus' notation.
    """

    folder: Path = DEFAULT_FOLDER
    pool: str = "hacienda"
    pool_size: str = "60GiB"

    @property
    def socket(self) -> Path:
        """The daemon's unix socket."""
        return self.folder / "unix.socket"

    @property
    def marker(self) -> Path:
        """The file that marks the folder as a lab's. Without it Hacienda deletes nothing."""
        return self.folder / "hacienda" / "lab.json"

    @property
    def log(self) -> Path:
        """The daemon's log."""
        return self.folder / "hacienda" / "incusd.log"

    @property
    def workspace(self) -> Path:
        """The folder in which images are built."""
        return self.folder / "hacienda" / "build"

    @property
    def unit(self) -> str:
        """Name of the daemon's systemd unit, or of its cgroup."""
        return f"hacienda-lab-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"


def socket_path(lab: Lab | None = None) -> Path:
    """The unix socket of the lab's Incus daemon; default: the default lab's."""
    return (lab or Lab()).socket


def project_name(environment: str) -> str:
    """The Incus project of an environment."""
    return f"hacienda-{environment}"
