"""Answers of earlier validations: a line for each file and check, so that no program reads the same file twice."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import hacienda
from hacienda.cloudinit import RenderedFile
from hacienda.review.validation.checkers import Check, Program, ShellCheck
from hacienda.review.validation.subjects import Collection, Subject

MOST_LINES = 200_000
"""Most lines of the file (18 MB). After that it starts from empty, and files still in use are read once more."""

_PACKAGE = Path(hacienda.__file__).parent
_CODE = ("review/validation", "secrets")
"""Code on which an answer depends beside the program: the checks themselves, and the PKI that creates their certificates."""


class Cache:
    """Accepted files. Refusals are never recorded: a program may have run out of memory or time, and an operator who works on a
    refused file wants to see the refusal again.

    Args:
        path: file of the cache; None: nothing is recorded. An unreadable or unwritable file is ignored.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._versions: dict[str, str] = {}
        if path is not None:
            with contextlib.suppress(OSError):
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
                self._versions = dict(_entry(line) for line in lines[-MOST_LINES:])

    def version(self, key: str) -> str | None:
        """Version of the program that accepted the file of a key; None: no program did."""
        return self._versions.get(key)

    def add(self, versions: Mapping[str, str]) -> None:
        """Record accepted files: key -> version."""
        fresh = {key: version for key, version in versions.items() if key not in self._versions}
        if not fresh or self._path is None:
            return
        mode = "w" if len(self._versions) + len(fresh) > MOST_LINES else "a"
        self._versions.update(fresh)
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # One write: two validations at once must not mix their lines.
            with self._path.open(mode, encoding="utf-8") as file:
                file.write("".join(f"{key} {version}\n" for key, version in fresh.items()))


def _entry(line: str) -> tuple[str, str]:
    key, _, version = line.partition(" ")
    return key, version


def default_path() -> Path | None:
    """File below $XDG_CACHE_HOME or ~/.cache; None: there is no home directory. All environments and projects share it."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hacienda" / "validation"
    except RuntimeError:
        return None


class Keys:
    """Keys of the cache: hashes of everything on which an answer depends.

    Args:
        collection: all files, because a program may read a file's neighbours.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._trees: dict[str, str] = {}

    def of(self, subject: Subject, check: Check, identity: str) -> str:
        """The key of one check of one file.

        Args:
            subject: the file.
            check: the check.
            identity: what distinguishes the program from others of its name: its version, or its image's fingerprint.
        """
        around = ""
        if isinstance(check, Program) and check.in_place:
            # The program reads the file in place, and may read any other file there.
            around = self._tree(subject.nodes[0])
        elif isinstance(check, ShellCheck):
            around = _scripts()
        parts = (_code(), check.title, identity, _described(subject.file), around)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _tree(self, node: str) -> str:
        if node not in self._trees:
            self._trees[node] = _digest(_described(file) for file in self._collection.trees[node])
        return self._trees[node]


def _described(file: RenderedFile) -> str:
    return f"{file.checker} {file.path} {file.sha256} {file.mode:o} {file.owner} {file.group} {file.kind}"


@functools.cache
def _code() -> str:
    return _sources(path for folder in _CODE for path in (_PACKAGE / folder).rglob("*"))


@functools.cache
def _scripts() -> str:
    """Hash of all scripts, because ShellCheck follows a script into the libraries that it sources."""
    return _sources(_PACKAGE.rglob("*.sh"))


def _sources(paths: Iterable[Path]) -> str:
    files = sorted(path for path in paths if path.is_file() and path.suffix != ".pyc")
    return _digest(f"{path.relative_to(_PACKAGE)} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in files)


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
