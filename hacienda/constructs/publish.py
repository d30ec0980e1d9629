"""Moves a finished synthesis from its staging directory into the output folder: a reader sees the old one or the new one."""

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
    """A staging directory beside `out`, on the same file system, removed afterwards. Output is written there first.

    Raises:
        ToolError: no folder can be made there.
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
    """Put a folder in the place of another one by renaming both."""
    old.parent.mkdir(parents=True, exist_ok=True)
    if not old.exists():
        new.rename(old)
        return
    aside = new.with_name(f"{new.name}.old")
    old.rename(aside)
    new.rename(old)
    shutil.rmtree(aside)


def overlay(new: Path, old: Path) -> None:
    """Put every file of a folder into another one, leaving all others alone: Terraform keeps its own in a stack's folder."""
    for path in sorted(new.rglob("*")):
        if path.is_dir():
            (old / path.relative_to(new)).mkdir(parents=True, exist_ok=True)
        else:
            replace(path, old / path.relative_to(new))


def replace(new: Path, old: Path) -> None:
    """Put a file in the place of another one, at once; an equal one stays as it is."""
    if not old.is_file() or not _equal(new, old):
        old.parent.mkdir(parents=True, exist_ok=True)
        new.replace(old)


def remove(folders: Iterable[Path]) -> None:
    """Remove folders that the environment no longer has."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _equal(one: Path, other: Path) -> bool:
    same_mode = one.stat().st_mode == other.stat().st_mode
    return same_mode and filecmp.cmp(one, other, shallow=False)
