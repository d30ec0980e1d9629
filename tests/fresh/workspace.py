"""A folder for one run: removed at its end, or by the next run if this one is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def workspace(base: Path, name: str, *, keep: bool = False) -> Iterator[Path]:
    """A new folder below `base`. Folders of runs that ended without removing theirs are removed first.

    Args:
        base: holds the folders of all runs.
        name: begin of the folder's name.
        keep: leave it for somebody to look into; the next run removes it.
    """
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (base / "lock").open("w") as everybody:
        fcntl.flock(everybody, fcntl.LOCK_EX)
        for left in [path for path in base.iterdir() if path.is_dir()]:
            _remove_unused(left)
        made = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
        ours = (made / "lock").open("w")
        fcntl.flock(ours, fcntl.LOCK_EX)
    try:
        yield made
    finally:
        if keep:
            print(f"kept until the next run: {made}")
        else:
            _remove(made)
        ours.close()


def _remove_unused(folder: Path) -> None:
    """Remove the folder of a run, unless that run still holds its lock; the kernel lets go of it when a process dies."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder that processes which were killed a moment ago may still write into. Their mounts are in a namespace of
    theirs: nothing but the folder's own files is ever seen here."""
    if any(
        line.split()[4].startswith(f"{folder}{os.sep}")
        for line in Path("/proc/self/mountinfo").read_text().splitlines()
    ):
        raise RuntimeError(f"something is mounted below {folder}: not removed")
    for attempt in range(50):
        try:
            shutil.rmtree(folder)
            return
        except OSError:
            if attempt == 49:
                raise
            time.sleep(0.2)
