"""The steps that prepare a machine for the lab, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hacienda import errors
from hacienda.lab import apt_sources, layout
from hacienda.lab.machine import HostMachine

INCUS_PACKAGES = ("incus-base", "incus-client")
HELPER_PACKAGES = (
    "attr",
    "btrfs-progs",
    "debian-archive-keyring",
    "dnsmasq-base",
    "iproute2",
    "iputils-ping",
    "lxcfs",
    "mmdebstrap",
    "nftables",
    "openssh-client",
    "squashfs-tools",
    "uidmap",
)
PACKAGES = (*INCUS_PACKAGES, *HELPER_PACKAGES)
BACKPORTS = "/etc/apt/sources.list.d/hacienda-backports.sources"

SUPPORTED = {("debian", "12"), ("debian", "13"), ("ubuntu", "24.04")}

# Space for an image, three to seven machines and their databases. The loop file is sparse and grows up to this size.
LEAST_ROOM = 12 * 2**30


@dataclass(frozen=True)
class WriteFile:
    """Write `text` to `path`."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"write {self.path}"


@dataclass(frozen=True)
class AppendLine:
    """Append `line` to `path`."""

    path: str
    line: str

    def __str__(self) -> str:
        return f"add {self.line} to {self.path}"


@dataclass(frozen=True)
class RefreshPackages:
    """Read apt's sources again."""

    def __str__(self) -> str:
        return "run apt-get update"


@dataclass(frozen=True)
class Install:
    """Install packages.

    Args:
        packages: Debian packages.
        release: the release to take them from; empty: apt's own choice.
        hold: whether to prevent their daemons from starting. Without systemd their init scripts would start them.
    """

    packages: tuple[str, ...]
    release: str = ""
    hold: bool = False

    def __str__(self) -> str:
        origin = f" from {self.release}" if self.release else ""
        return f"install {', '.join(self.packages)}{origin}"


@dataclass(frozen=True)
class RaiseLimits:
    """Raise kernel limits until the machine's next boot. The lab's own daemon lasts no longer."""

    limits: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        return f"raise {', '.join(f'{name} to {value}' for name, value in self.limits)}"


@dataclass(frozen=True)
class Claim:
    """Create the lab's folder, and mark it as a lab's."""

    lab: layout.Lab

    def __str__(self) -> str:
        return f"make {self.lab.folder}"


@dataclass(frozen=True)
class Clear:
    """Remove the remains of an earlier daemon."""

    lab: layout.Lab

    def __str__(self) -> str:
        return f"remove the remains of an earlier daemon of {self.lab.folder}"


@dataclass(frozen=True)
class StartDaemon:
    """Start the lab's own Incus daemon."""

    lab: layout.Lab
    systemd: bool

    def __str__(self) -> str:
        return f"start an Incus daemon on {self.lab.socket}{' as a systemd unit' if self.systemd else ''}"


@dataclass(frozen=True)
class Initialise:
    """Create the storage pool and the default profile, unless they exist."""

    lab: layout.Lab

    def __str__(self) -> str:
        pool = f"the storage pool {self.lab.pool} (btrfs, at most {self.lab.pool_size})"
        return f"create {pool} and the default profile, unless they exist"


@dataclass(frozen=True)
class MakeProject:
    """Create an environment's project, unless it exists."""

    lab: layout.Lab
    name: str

    def __str__(self) -> str:
        return f"create the project {self.name}, unless it exists"


Step = (
    WriteFile
    | AppendLine
    | RefreshPackages
    | Install
    | RaiseLimits
    | Claim
    | Clear
    | StartDaemon
    | Initialise
    | MakeProject
)


def plan(
    environment: str, lab: layout.Lab, machine: HostMachine, mirror: apt_sources.Mirror | None
) -> tuple[Step, ...]:
    """The remaining steps, in order.

    Args:
        environment: name of the environment; its project is `hacienda-<environment>`.
        lab: place of the lab.
        machine: the examined machine.
        mirror: the Debian archive that the operator names; None: the machine's own.

    Raises:
        errors.ToolError: the lab does not support the machine, it has too little space, or its mirror is unknown.
    """
    _refuse(lab, machine)
    return (
        *_package_steps(machine, mirror),
        *(AppendLine(path, "root:1000000:1000000000") for path in machine.unmapped),
        *((RaiseLimits(machine.limits),) if machine.limits else ()),
        *(() if machine.marked else (Claim(lab),)),
        *(() if machine.running else (Clear(lab), StartDaemon(lab, machine.systemd))),
        Initialise(lab),
        MakeProject(lab, layout.project_name(environment)),
    )


def _refuse(lab: layout.Lab, machine: HostMachine) -> None:
    if (
        machine.os_id,
        machine.version.split(".")[0] if machine.os_id == "debian" else machine.version,
    ) not in SUPPORTED:
        raise errors.ToolError(
            f"The lab does not run on {machine.os_id} {machine.version}.",
            "Use Debian 12, Debian 13 or Ubuntu 24.04.",
        )
    if not machine.running and machine.free_bytes < LEAST_ROOM:
        raise errors.ToolError(
            f"{lab.folder} has {machine.free_bytes / 2**30:.1f} GiB of free space; the lab needs {LEAST_ROOM / 2**30:.0f} GiB.",
            "Free some space, or name another folder.",
        )


def _package_steps(machine: HostMachine, mirror: apt_sources.Mirror | None) -> tuple[Step, ...]:
    missing = [name for name in PACKAGES if name not in machine.installed]
    if not missing:
        return ()
    hold = not machine.systemd and not machine.policy
    incus = tuple(name for name in INCUS_PACKAGES if name in missing)
    helpers = tuple(name for name in HELPER_PACKAGES if name in missing)
    # Debian 12 has Incus only in its backports.
    old = machine.os_id == "debian" and machine.codename == "bookworm"
    release = f"{machine.codename}-backports" if old else ""
    steps: list[Step] = []
    if incus and old and not apt_sources.has_suite(machine.sources, release):
        steps.append(WriteFile(BACKPORTS, apt_sources.backports(mirror or own_mirror(machine), machine.codename)))
    steps.append(RefreshPackages())
    if incus:
        steps.append(Install(incus, release, hold))
    if helpers:
        steps.append(Install(helpers, hold=hold))
    return tuple(steps)


def own_mirror(machine: HostMachine) -> apt_sources.Mirror:
    """The Debian mirror of the machine's own apt.

    Raises:
        errors.ToolError: it has none (Ubuntu, or sources that do not look like Debian's).
    """
    found = apt_sources.debian_mirror(machine.sources, machine.codename)
    if found is None:
        raise errors.ToolError(
            "The package sources of this machine name no Debian mirror.", "Name one: `hacienda lab up --mirror URL`."
        )
    return found


def preseed(lab: layout.Lab) -> str:
    """The daemon's initial configuration (JSON, which is YAML): a pool, and a default profile with only a root disk."""
    return json.dumps(
        {
            "storage_pools": [
                {
                    "name": lab.pool,
                    "driver": "btrfs",
                    "config": {"size": lab.pool_size, "btrfs.mount_options": "user_subvol_rm_allowed,noatime"},
                }
            ],
            "profiles": [
                {"name": "default", "devices": {"root": {"type": "disk", "path": "/", "pool": lab.pool}}},
            ],
        },
        indent=1,
    )


# Images, the profile and networks belong to the default project: an image is built once for all environments, and Incus
# allows bridges nowhere else (a project with networks of its own takes OVN only).
PROJECT_FEATURES = {"features.images": "false", "features.profiles": "false", "features.networks": "false"}
