"""The file back end: a folder that only its owner can read, with one file for each secret. Git ignores it."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hacienda.errors import InputError, ToolError

_PRIVATE = 0o077
"""Permission bits of group and others: all must be off."""


class FolderBackend:
    """Keeps entries as files in a folder. Names are relative paths. Names that start with a dot belong to the store
    itself."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> tuple[str, ...]:
        """Names of all entries, sorted."""
        self._refuse_open_folder()
        files = (path for path in self._root.rglob("*") if path.is_file())
        names = (path.relative_to(self._root).as_posix() for path in files)
        return tuple(sorted(name for name in names if not Path(name).name.startswith(".")))

    def read(self, name: str) -> bytes | None:
        """An entry's content; None: there is no such entry.

        Raises:
            InputError: other users can read the folder or the file.
            ToolError: this process cannot read it.
        """
        self._refuse_open_folder()
        path = self._root / name
        try:
            with path.open("rb") as file:
                _refuse(path, os.fstat(file.fileno()).st_mode)
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ToolError(f"{path}: cannot be read: {error.strerror}") from None

    def write(self, entries: Mapping[str, bytes | None]) -> None:
        """Write entries, each atomically; None removes one.

        Raises:
            ToolError: the file system refuses.
        """
        if not entries:
            return
        try:
            for name, content in entries.items():
                if content is None:
                    (self._root / name).unlink(missing_ok=True)
                else:
                    self._write(self._root / name, content)
            descriptor = os.open(self._root, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ToolError(f"{self._root}: cannot be written: {error.strerror}") from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the store against other processes; creates the folder."""
        self._create()
        with locked_folder(self._root):
            yield

    def _create(self) -> None:
        try:
            if not self._root.exists():
                self._root.parent.mkdir(parents=True, exist_ok=True)
                self._root.mkdir(mode=0o700, exist_ok=True)
            self._refuse_open_folder()
            ignore = self._root / ".gitignore"
            if not ignore.exists():
                self._write(ignore, b"*\n")
        except OSError as error:
            raise ToolError(f"{self._root}: cannot be created: {error.strerror}") from None

    def _write(self, path: Path, content: bytes) -> None:
        for folder in reversed(path.relative_to(self._root).parents):
            (self._root / folder).mkdir(mode=0o700, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def _refuse_open_folder(self) -> None:
        if self._root.exists():
            _refuse(self._root, self._root.stat().st_mode)


def _refuse(path: Path, mode: int) -> None:
    if mode & _PRIVATE:
        raise InputError(
            f"{path}: holds secrets, and other users of this machine can read it (mode {stat.S_IMODE(mode):04o})",
            f"Run: chmod -R go= {path}   and if another user may have read them: hacienda secrets rotate ENV",
        )


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder itself. It leaves no file behind, and ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
