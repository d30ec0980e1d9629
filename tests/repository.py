"""A git repository for a test."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NOBODY = ("-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")
_FIRST = datetime(2026, 3, 1, tzinfo=UTC)
"""When the first commit was made; each other one is a minute younger than those that were there."""


def git(folder: Path, *arguments: str, **variables: str) -> str:
    """Run git, whatever this machine's user has configured, with some variables more, and give what it printed."""
    argv = ["git", "-C", str(folder), *_NOBODY, *arguments]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env={**os.environ, **variables})
    return done.stdout.strip()


def commit(folder: Path, message: str = "Change") -> str:
    """Commit everything in a folder, which becomes a repository if it is none; the commit's hash. No clock is asked: the same
    files and messages in the same order are the same commits, and no two of them have one date."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    made = _FIRST + timedelta(minutes=int(git(folder, "rev-list", "--all", "--count")))
    dates = {f"GIT_{who}_DATE": made.isoformat() for who in ("AUTHOR", "COMMITTER")}
    git(folder, "commit", "--quiet", "--allow-empty", f"--message={message}", **dates)
    return git(folder, "rev-parse", "HEAD")
