"""Moves a finished synthesis from its staging directory into the output folder. A reader sees the old or the new one, never a
mixture within one file or folder."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hacienda.errors import ToolError


@contextmanager
def staging(out: Path) -> Iterator[Path]:
    """A staging directory beside `out` on the same file system. Output is written there first, and it is removed at the end.

    Raises:
        ToolError: the directory cannot be made.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise ToolError(f"{out}: cannot be written: {error.strerror}", "Choose another folder with --out.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def replace_folder(new: Path, old: Path) -> None:
    """Replaces a folder by another one. It renames both."""
    old.parent.mkdir(parents=True, exist_ok=True)
    if not old.exists():
        new.rename(old)
        return
    aside = new.with_name(f"{new.name}.old")
    old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside)


def overlay(new: Path, old: Path) -> None:
    """Moves every file of a folder into another one. Other files there stay, because Terraform keeps files in a stack's folder."""
    for path in sorted(new.rglob("*")):
        if path.is_dir():
            (old / path.relative_to(new)).mkdir(parents=True, exist_ok=True)
        else:
            replace(path, old / path.relative_to(new))


def replace(new: Path, old: Path) -> None:
    """Replaces a file by another one in one step. An equal file stays as it is."""
    if not old.is_file() or not _equal(new, old):
        old.parent.mkdir(parents=True, exist_ok=True)
        new.replace(old)


def remove(folders: Iterable[Path]) -> None:
    """Deletes folders that the environment no longer has."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _equal(one: Path, other: Path) -> bool:
    same_mode = one.stat().st_mode == other.stat().st_mode
    return same_mode and filecmp.cmp(one, other, shallow=False)
