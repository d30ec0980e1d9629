"""Writing so that a power cut leaves the old file or the new one, never a part."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hacienda.cloudinit.node.failure import StepError


def write(path: Path, content: bytes, mode: int, owner: str = "root", group: str = "root") -> None:
    """Replaces a file, flushed to disk, with its owner and mode set before it is visible under its name.

    Raises:
        StepError: owner or group do not exist here.
        OSError: the disk refuses.
    """
    uid, gid = ids(owner, group)
    make_parents(path)
    handle, temporary = tempfile.mkstemp(prefix=".hacienda-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            _own(stream.fileno(), uid, gid)
            os.fchmod(stream.fileno(), mode)
            stream.flush()
            os.fsync(stream.fileno())
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_state(path: Path, value: Any) -> None:
    """Replaces one of our own state files, 0600, with a value as JSON."""
    write(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode(), 0o600)


def read_state(path: Path) -> Any:
    """The value of a state file; None when there is none."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None


def make_directory(path: Path, mode: int, owner: str, group: str) -> None:
    """Makes a folder, or gives an existing one this owner and mode."""
    uid, gid = ids(owner, group)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    make_parents(path)
    path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _own(handle, uid, gid)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def make_parents(path: Path) -> None:
    """Makes missing parents as root's, 0755 whatever the umask."""
    missing = [parent for parent in path.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        parent.chmod(0o755)


@cache
def ids(owner: str, group: str) -> tuple[int, int]:
    """User and group id of two names; one's own when not root, who alone can give files away.

    Raises:
        StepError: one of them does not exist here.
    """
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        return pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    except KeyError as error:
        raise StepError(f"no such user or group here: {owner}:{group} (is its package installed?)") from error


def _own(handle: int, uid: int, gid: int) -> None:
    status = os.fstat(handle)
    if (status.st_uid, status.st_gid) != (uid, gid):
        os.fchown(handle, uid, gid)
