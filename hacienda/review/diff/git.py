"""What is asked of git. Nothing is written into the repository, its index and its list of work trees included."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from hacienda.errors import InputError, ToolError

_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""Variables by which git tells a hook which repository it is about; they would be taken for an order here."""


def toplevel(folder: Path) -> Path:
    """The repository that a folder is in.

    Raises:
        InputError: it is in none.
        ToolError: git is missing.
    """
    done = _git(folder, "rev-parse", "--show-toplevel")
    if done.returncode != 0:
        raise InputError(
            f"{folder} is in no git repository that can be read, so no revision has what was here before: "
            f"{done.stderr.strip()}",
            "Keep the environment file in a git repository and commit it; `hacienda check` and `hacienda plan` need none.",
        )
    return Path(done.stdout.strip()).resolve()


def commit(repository: Path, revision: str) -> str:
    """The full hash of the commit that a revision names. `REV...` is where REV and HEAD parted, as in `git diff REV...`.

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
            "Name a branch, a tag or a commit. A shallow clone has few: git fetch --unshallow, or "
            "fetch-depth: 0 in GitHub's checkout.",
        )
    found = done.stdout.strip()
    if name == revision:
        return found
    parted = _git(repository, "merge-base", found, "HEAD")
    if parted.returncode != 0:
        raise InputError(f"--base {revision}: {name} and HEAD have no common commit", "A shallow clone may lack it.")
    return parted.stdout.strip()


def ignored(path: Path) -> bool:
    """Whether git leaves a file out: it is of this machine alone. One outside every repository is, too."""
    return _git(path.parent, "check-ignore", "--quiet", "--", str(path)).returncode != 1


def changed(repository: Path, commit: str, *paths: Path) -> int:
    """Number of files below paths that differ from a commit, new ones that are not ignored included."""
    listed = [str(path) for path in paths]
    tracked = _git(repository, "diff", "--name-only", "-z", commit, "--", *listed).stdout
    fresh = _git(repository, "ls-files", "--others", "--exclude-standard", "-z", "--", *listed).stdout
    return len({name for name in (tracked + fresh).split("\0") if name})


def check_out(repository: Path, commit: str, folder: Path) -> None:
    """Write all files of a commit into a folder that is made, through an index of its own.

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
