"""Queries to git. They write nothing to the repository, not even to its index or its list of work trees."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hacienda.errors import InputError, ToolError

_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""Variables that git sets for a hook. They would direct git to the hook's repository here."""


def toplevel(folder: Path) -> Path:
    """The top folder of the repository that contains a folder.

    Raises:
        InputError: no repository contains the folder.
        ToolError: git is missing.
    """
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode != 0:
        raise InputError(
            f"{folder} is in no git repository that can be read, so there is no earlier revision: {done.stderr.strip()}",
            "Keep the environment file in a git repository and commit it. `hacienda check` and `hacienda plan` need no "
            "repository.",
        )
    return Path(done.stdout.strip()).resolve()


def commit(repository: Path, revision: str) -> str:
    """The full hash of the commit that a revision names. `REV...` is the merge base of REV and HEAD, as in `git diff REV...`.

    Raises:
        InputError: there is no such commit.
    """
    name = revision.removesuffix("...")
    done = None
    if name and not name.startswith("-"):
        done = _git(repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if done is None or done.returncode != 0:
        raise InputError(
            f"--base {revision}: there is no such commit in {repository}",
            "Name a branch, a tag or a commit. A shallow clone holds few commits: run `git fetch --unshallow`, or set "
            "`fetch-depth: 0` in GitHub's checkout.",
        )
    found = done.stdout.strip()
    if name == revision:
        return found
    parted = _git(repository, "merge-base", found, "HEAD")
    if parted.returncode != 0:
        raise InputError(
            f"--base {revision}: {name} and HEAD have no common commit",
            "A shallow clone may lack it: run `git fetch --unshallow`.",
        )
    return parted.stdout.strip()


def ignored(path: Path) -> bool:
    """Whether git ignores a file, or no repository contains it. Such a file exists on this machine alone."""
    return _git(path.parent, "check-ignore", "--quiet", "--", str(path)).returncode != 1


def changed(repository: Path, commit: str, *paths: Path) -> int:
    """Number of files below paths that differ from a commit. New files count unless git ignores them."""
    listed = [str(path) for path in paths]
    tracked = _git(repository, "diff", "--name-only", "-z", commit, "--", *listed).stdout
    fresh = _git(repository, "ls-files", "--others", "--exclude-standard", "-z", "--", *listed).stdout
    return len({name for name in (tracked + fresh).split("\0") if name})


def check_out(repository: Path, commit: str, folder: Path) -> None:
    """Create a folder and write all files of a commit into it, through a separate index.

    Raises:
        ToolError: git fails.
    """
    folder.mkdir()
    index = {"GIT_INDEX_FILE": str(folder.parent / "index")}
    for arguments in (("read-tree", commit), ("checkout-index", "--all", f"--prefix={folder}/")):
        done = _git(repository, *arguments, extra=index)
        if done.returncode != 0:
            raise ToolError(f"git {arguments[0]} failed: {done.stderr.strip()}")


def _git(folder: Path, *arguments: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    argv = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(
            argv, env={**environment, **(extra or {})}, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError as error:
        raise ToolError("git is not installed.", "Install the package git.") from error
