"""Writes files so that readers see the old or the new file, never a part."""

from __future__ import annotations

import ctypes
import grp
import json
import os
import pwd
import shutil
import stat
from functools import cache
from pathlib import Path
from typing import Any

from hacienda.cloudinit.node import paths
from hacienda.cloudinit.node.failure import StepError

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def write(path: Path, content: bytes, mode: int, owner: str = "root", group: str = "root") -> None:
    """Replaces a file, and sets owner and mode before it appears under its name. `flush` writes everything to disk
    once: to flush a hundred files one by one took 8 s on a busy disk.

    Raises:
        StepError: owner or group do not exist here, or a parent folder belongs to another user (`secure`).
        OSError: the disk refuses the write.
    """
    uid, gid = ids(owner, group)
    secure(path)
    make_parents(path)
    discard(path)
    temporary = _temporary(path)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        _own(stream.fileno(), uid, gid)
        os.fchmod(stream.fileno(), mode)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    temporary.replace(path)


def flush(*folders: Path) -> None:
    """Waits until all data in these folders' file systems is on disk."""
    devices = {folder.stat().st_dev: folder for folder in folders if folder.is_dir()}
    for folder in devices.values():
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
                raise OSError(ctypes.get_errno(), f"cannot flush {folder} to disk")
        finally:
            os.close(handle)


def discard(path: Path) -> None:
    """Removes temporary files of an interrupted write of this file."""
    _temporary(path).unlink(missing_ok=True)


def _temporary(path: Path) -> Path:
    return path.with_name(f".hacienda-{path.name}")


def write_state(path: Path, value: Any) -> None:
    """Replaces a state file of these programs, mode 0600, with a value as JSON."""
    write(path, (json.dumps(value, indent=1, sort_keys=True) + "\n").encode(), 0o600)


def read_state(path: Path) -> Any:
    """The value of a state file; None: there is no file, or a power cut left it empty."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def make_directory(path: Path, mode: int, owner: str, group: str) -> None:
    """Creates a folder, or gives an existing one this owner and mode."""
    uid, gid = ids(owner, group)
    secure(path)
    make_parents(path)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    path.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _own(handle, uid, gid)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)


def make_parents(path: Path) -> None:
    """Creates missing parents, owned by root, with mode 0755 under any umask."""
    missing = [parent for parent in path.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        parent.chmod(0o755)


def secure(path: Path) -> None:
    """Makes sure, from the top down, that only root can replace `path`. In a folder that only root may write, a name
    stays what it is. In any other folder its owner may turn the name into a link while root works with it.

    Packages give their folders in /etc to their daemons' users, like rabbitmq-server and keystone at each upgrade. This
    function makes root the owner again; the group can still read them. It skips folders that do not exist yet.

    Raises:
        StepError: a folder outside /etc belongs to another user. It is a daemon's own, so the bundle must not write
            there.
    """
    above = [parent for parent in path.parents if parent != paths.ROOT and parent.is_relative_to(paths.ROOT)]
    for folder in reversed(above):
        try:
            status = folder.lstat()
        except FileNotFoundError:
            return
        if stat.S_ISLNK(status.st_mode) and status.st_uid == os.geteuid():
            secure(folder.resolve() / path.name)
        elif not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
            _take(folder)


def _take(folder: Path) -> None:
    """Makes root the owner of a configuration folder, and the only user that may write in it."""
    if not folder.is_relative_to(paths.ROOT / "etc"):
        raise StepError(f"others may write in {folder}, so root does not|chown root: {folder}; chmod go-w {folder}")
    if not folder.is_dir() or folder.is_symlink():
        folder.unlink()
        folder.mkdir(mode=0o755)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        status = os.fstat(handle)
        os.fchown(handle, os.geteuid(), -1)
        os.fchmod(handle, stat.S_IMODE(status.st_mode) & ~_OTHERS_WRITE)
    finally:
        os.close(handle)


@cache
def ids(owner: str, group: str) -> tuple[int, int]:
    """User and group id of two names. Without root rights, the process's own ids, because only root can change the
    owner of files.

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
