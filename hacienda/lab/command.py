"""Runs the programs that build the lab, and reports their failures in the operator's words."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hacienda import errors
from hacienda.lab import layout


def run(
    argv: Sequence[str],
    *,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
    folder: Path | None = None,
) -> str:
    """Run a program to its end, and return its standard output.

    Args:
        argv: the program and its arguments.
        stdin: text for its standard input.
        env: variables in addition to this process's.
        seconds: time after which it is killed; default 600.
        folder: the folder in which it runs; default: this process's.

    Raises:
        errors.ToolError: the program is missing, failed or took too long.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=folder,
            check=False,
        )
    except FileNotFoundError as missing:
        raise errors.ToolError(f"{argv[0]} is not installed.", "Run `hacienda lab up` first.") from missing
    except subprocess.TimeoutExpired as late:
        raise errors.ToolError(f"{' '.join(argv)} did not end within {seconds:.0f} s.") from late
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-12:]
        raise errors.ToolError(f"{' '.join(argv)} failed with exit code {done.returncode}:", "\n  ".join(said) or None)
    return done.stdout


def incus(lab: layout.Lab, *arguments: str, stdin: str = "", seconds: float = 120) -> str:
    """Run `incus` against the lab's daemon; as `run`."""
    env = {"INCUS_DIR": str(lab.folder), "INCUS_CONF": str(lab.folder / "hacienda" / "client")}
    return run(("incus", *arguments), stdin=stdin, env=env, seconds=seconds)


def listed(lab: layout.Lab, path: str) -> list[Any]:
    """The list that the daemon's REST API returns at `path`.

    For some empty lists the API returns null, and `incus` prints nothing.
    """
    found: list[Any] = json.loads(incus(lab, "query", path).strip() or "[]")
    return found
