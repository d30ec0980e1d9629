"""The lab's own Incus daemon: starts it with or without systemd, and removes it from any state."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from hacienda import errors
from hacienda.lab import command, layout, recipe

_WAIT_SECONDS = 60.0

_TABLE = "inet incus"
"""nftables table of Incus' firewall driver, shared by all daemons: one chain for each network and hook,
`<hook>.<network>`."""


def answers(lab: layout.Lab) -> bool:
    """Whether the lab's daemon runs and answers within 5 s."""
    if not lab.socket.exists():
        return False
    try:
        command.incus(lab, "query", "/1.0", seconds=5)
    except errors.ToolError:
        return False
    return True


def start(lab: layout.Lab, *, systemd: bool) -> None:
    """Start the daemon in its own mount namespace, and wait until it answers.

    Raises:
        errors.ToolError: it did not start within 60 s. The error holds the last lines of its log.
    """
    lab.log.parent.mkdir(parents=True, exist_ok=True)
    script = lab.folder / "hacienda" / "start-daemon.sh"
    script.write_text(recipe.script("start-daemon.sh"))
    # All of unshare's options in full: the namespace's mounts end with its last process, and stay invisible outside.
    namespace = ("unshare", "--mount", "--propagation", "private", "--", "sh", str(script), str(lab.folder))
    if systemd:
        _start_unit(lab, (*namespace, ""))
    else:
        _start_detached(lab, (*namespace, lab.unit))
    deadline = time.monotonic() + _WAIT_SECONDS
    while not answers(lab):
        if time.monotonic() > deadline:
            tail = "\n  ".join(lab.log.read_text(errors="replace").splitlines()[-12:])
            raise errors.ToolError(f"The lab's Incus daemon did not start within {_WAIT_SECONDS:.0f} s.", tail)
        time.sleep(0.1)
    # It answers before it has mounted its pools and restarted its instances.
    command.incus(lab, "admin", "waitready", "--timeout=300", seconds=310)


def _start_detached(lab: layout.Lab, argv: tuple[str, ...]) -> None:
    with lab.log.open("ab") as log:
        subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", start_new_session=True)


def _start_unit(lab: layout.Lab, argv: tuple[str, ...]) -> None:
    # Delegate: the daemon creates the containers' cgroups. KillMode: a stopped daemon leaves its containers running.
    settings = ("Delegate=yes", "KillMode=process", "TasksMax=infinity", "LimitNOFILE=1048576", "LimitMEMLOCK=infinity")
    properties = (f"--property={setting}" for setting in (*settings, f"StandardOutput=append:{lab.log}"))
    error = f"--property=StandardError=append:{lab.log}"
    command.run(("systemd-run", "--quiet", "--collect", f"--unit={lab.unit}", *properties, error, *argv))


def clear(lab: layout.Lab) -> None:
    """Kill every process of the lab, and free its loop devices, bridges, firewall rules and cgroups.

    Works from any state, even after the daemon was killed. The folder itself stays.

    Raises:
        errors.ToolError: a process survived SIGKILL for 20 s.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + 20
    while victims := {*_processes(lab), *filter(_ending, killed)}:
        if time.monotonic() > deadline:
            raise errors.ToolError(f"Processes of the lab do not end: {', '.join(map(str, sorted(victims)))}.")
        for pid in victims - killed:
            _kill(pid)
        killed |= victims
        time.sleep(0.05)
    for device in _loop_devices(lab):
        command.run(("losetup", "--detach", device))
    for network in _networks(lab):
        _remove_network(network)
    _remove_empty_table()
    _remove_cgroups(lab)
    lab.socket.unlink(missing_ok=True)


def _processes(lab: layout.Lab) -> Iterator[int]:
    """Processes of the lab's daemon, or with mounts from its pool.

    The daemon and its child processes have INCUS_DIR in their environment. A container's processes do not, but their
    mounts come from the pool's loop device. This process's own namespace is skipped, because no lab mounts anything
    there.
    """
    variable = f"INCUS_DIR={lab.folder}".encode()
    devices = tuple(f" {device} ".encode() for device in _loop_devices(lab))
    own = _namespace(os.getpid())
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        pid = int(entry.name)
        environment = _read(entry / "environ").split(b"\0")
        namespace = _namespace(pid)
        if namespace in (own, ""):
            continue
        mounts = _read(entry / "mountinfo") if devices else b""
        if variable in environment or any(device in mounts for device in devices):
            yield pid


def _ending(pid: int) -> bool:
    """Whether a killed process still holds its cgroup and mounts. Its environment is no longer readable."""
    status = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return bool(status) and status[0] not in (b"Z", b"X")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile
        return b""


def _namespace(pid: int) -> str:
    return _link(Path(f"/proc/{pid}/ns/mnt"))


def _link(path: Path) -> str:
    """The target of a symbolic link; empty if it is not readable."""
    try:
        return str(path.readlink())
    except OSError:
        return ""


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _loop_devices(lab: layout.Lab) -> tuple[str, ...]:
    """Loop devices over files in the lab's folder.

    The file's inode identifies them. A container also sees the host's devices, and a lab there may have a folder of the
    same name.
    """
    columns = "--output=NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN"
    devices = json.loads(command.run(("losetup", "--list", "--json", columns)) or "{}").get("loopdevices", [])
    files = {_identity(file) for file in (lab.folder / "disks").glob("*")}
    return tuple(
        device["name"] for device in devices if (device["back-ino"], (device["back-maj:min"] or "").strip()) in files
    )


def _identity(file: Path) -> tuple[int, str]:
    """A file's inode and device, as losetup shows them."""
    found = file.stat()
    return found.st_ino, f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}"


def _networks(lab: layout.Lab) -> tuple[str, ...]:
    """Names of the daemon's networks. It keeps a folder for each."""
    folder = lab.folder / "networks"
    return tuple(sorted(entry.name for entry in folder.iterdir())) if folder.is_dir() else ()


def _remove_network(name: str) -> None:
    if Path(f"/sys/class/net/{name}/bridge").is_dir():
        command.run(("ip", "link", "delete", "dev", name))
    for chain in _chains() or ():
        if chain.endswith(f".{name}"):
            command.run(("nft", "-f", "-"), stdin=f"flush chain {_TABLE} {chain}\ndelete chain {_TABLE} {chain}\n")


def _remove_empty_table() -> None:
    """Remove the empty table that Incus leaves behind after its last network.

    All daemons of a network namespace share it, so it stays while it holds a chain or another daemon runs.
    """
    if _chains() == () and not _daemons():
        command.run(("nft", "delete", "table", *_TABLE.split()))


def _chains() -> tuple[str, ...] | None:
    """The chains of Incus' table in this network namespace; None: there is no such table."""
    if shutil.which("nft") is None:
        return None
    tables = json.loads(command.run(("nft", "--json", "list", "tables")))["nftables"]
    family, name = _TABLE.split()
    if not any((entry["table"]["family"], entry["table"]["name"]) == (family, name) for entry in tables[1:]):
        return None
    rules = json.loads(command.run(("nft", "--json", "list", "table", family, name)))["nftables"]
    return tuple(entry["chain"]["name"] for entry in rules if "chain" in entry)


def _daemons() -> tuple[int, ...]:
    """Process ids of the Incus daemons in this network namespace. Daemons in containers have their own."""
    own = _link(Path("/proc/self/ns/net"))
    pids = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return tuple(
        int(entry.name) for entry in pids if _read(entry / "comm") == b"incusd\n" and _link(entry / "ns/net") == own
    )


def _remove_cgroups(lab: layout.Lab) -> None:
    """Remove the lab's remaining control groups. The kernel keeps a group in use, so those of another lab stay."""
    mounted = (line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines())
    root = next((Path(fields[4]) for fields in mounted if fields[fields.index("-") + 1] == "cgroup2"), None)
    if root is None:
        return
    containers = lab.folder / "containers"
    names = [entry.name for entry in containers.iterdir()] if containers.is_dir() else []
    # LXC appends a number if the group of a killed container still exists.
    patterns = [
        f"lxc.{kind}.{name}{end}" for kind in ("payload", "monitor") for name in names for end in ("", "-[0-9]*")
    ]
    for top in (path for pattern in (lab.unit, *patterns) for path in root.glob(pattern)):
        for folder in sorted(top.rglob("*/"), reverse=True):
            _remove_empty(folder)
        _remove_empty(top)
    if not list(root.glob("lxc.payload.*")):
        _remove_empty(root / "lxc.pivot")


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # already removed, or in use again
        return
