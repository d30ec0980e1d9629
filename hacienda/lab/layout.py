"""Where a lab keeps its things on the host, and what they are called."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FOLDER = Path("/var/lib/hacienda-lab")

IMAGE = "hacienda-debian-13"
"""Alias that machines boot from: it stays the same when the image is built anew, so that no machine is replaced for it."""


@dataclass(frozen=True)
class Lab:
    """One Incus daemon of our own, apart from any other on the machine.

    Two labs with different folders do not meet: daemon, pool, projects and images live in the folder. What they do
    share is the host's network, so their bridges need different names and subnets.

    Args:
        folder: the daemon's folder (INCUS_DIR). Everything the lab writes is below it.
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
        """The file that says that the folder is a lab's; nothing is ever removed without it."""
        return self.folder / "hacienda" / "lab.json"

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.folder / "hacienda" / "incusd.log"

    @property
    def workspace(self) -> Path:
        """Where images are built."""
        return self.folder / "hacienda" / "build"

    @property
    def unit(self) -> str:
        """Name of the systemd unit, or of the cgroup, that the daemon runs in."""
        return f"hacienda-lab-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]}"


def socket_path(lab: Lab | None = None) -> Path:
    """The unix socket of the lab's Incus daemon (the default lab's, if none is given)."""
    return (lab or Lab()).socket


def project_name(environment: str) -> str:
    """The Incus project of an environment."""
    return f"hacienda-{environment}"
