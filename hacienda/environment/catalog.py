"""Finds the environment file that ENV on the command line names."""

from __future__ import annotations

from pathlib import Path

from hacienda.environment.problems import nearest
from hacienda.environment.source import display
from hacienda.errors import InputError, Problem

FOLDERS = ("environments", "examples/environments")
"""Folders in which environment files are found by name. The first match wins."""


def shipped(root: Path) -> dict[str, Path]:
    """Environment files by name, from both folders."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.yaml")):
            found.setdefault(path.stem, path)
    return found


def find(env: str, root: Path) -> Path:
    """The environment file that `env` names: a name in environments/ or examples/environments/, or a path.

    Args:
        env: a name like `lab`, or a path.
        root: the project's folder.

    Raises:
        InputError: there is no such file.
    """
    known = shipped(root)
    if env in known:
        return known[env]
    looks_like_path = "/" in env or env.endswith((".yaml", ".yml"))
    try:
        if looks_like_path and Path(env).exists():
            return Path(env)
    except (OSError, ValueError):
        pass
    reason = ": there is no such file" if looks_like_path else " is not an environment"
    raise InputError([Problem("", f"{display(env)}{reason}", nearest(env, known) + " Or give a path.")])
