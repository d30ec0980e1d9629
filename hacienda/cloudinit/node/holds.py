"""Checks the services' assumptions about their packages. It needs only Python, so that the lab can run it in an image
without any part of the project. It reads assumptions as JSON on standard input, and writes the answer as JSON on
standard output."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SECONDS = 300
"""Time limit of one command. A command takes a second; with forty busy processes on two processors one took over a
minute."""

UNANSWERED = "unanswered"
"""Key of an assumption without a certain answer, because its command did not finish. It is checked again, and not
recorded."""

UNITS = ("usr/lib/systemd/system", "lib/systemd/system")
"""Folders for units of packages. Units in /etc belong to the project or an operator."""


def broken(assumptions: Iterable[Mapping[str, str]], root: Path = Path("/")) -> list[dict[str, str]]:
    """The assumptions that do not hold. Each has the package's `version`, the finding in `detail`, and `unanswered` if
    there is no answer.

    Args:
        assumptions: see `hacienda.declare.Assumption.to_json`.
        root: the file system to examine. Commands run in this process's own file system.
    """
    wanted = list(assumptions)
    if not wanted:
        return []
    # It imports logging, which no other program of the node needs.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        details = list(pool.map(lambda assumption: _found(assumption, root), wanted))
    lacking = [(assumption, detail) for assumption, detail in zip(wanted, details, strict=True) if detail]
    versions = installed({assumption["package"] for assumption, _ in lacking}) if lacking else {}
    return [
        {**assumption, "version": versions.get(assumption["package"], "not installed"), **detail}
        for assumption, detail in lacking
    ]


def told(lack: Mapping[str, str], former: str = "") -> tuple[str, str]:
    """The problem and the fix, for people.

    Args:
        lack: an item of `broken`.
        former: the package's last version with which all assumptions held here; empty: unknown.
    """
    package, version = lack["package"], lack["version"]
    wrong = f"{package} {version}: {lack['detail']}; {lack['service']} needs it: {lack['reason']}"
    if UNANSWERED in lack:
        return wrong, "try again when the machine is less busy"
    bring = f"apt-get install --allow-downgrades {package}={former or 'VERSION'}"
    what = "the former version" if former and former != version else "a version that has it"
    more = "hacienda explain docs/assumptions.md"
    return wrong, f"install {what} ({bring}), or deploy with a version of Hacienda that supports this one; {more}"


def installed(packages: Iterable[str] = ()) -> dict[str, str]:
    """Name -> version of the named packages that are installed, or of all installed packages if none is named."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\n", *sorted(packages)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {}
    lines = (line.split() for line in answer.stdout.splitlines())
    return {line[0]: line[1] for line in lines if len(line) == 3 and line[2] == "installed"}


def _found(assumption: Mapping[str, str], root: Path) -> dict[str, str]:
    """The problem of an assumption that does not hold; None: it holds."""
    try:
        detail = _lack(assumption, root)
    except subprocess.TimeoutExpired:
        detail = f"{_short(assumption['subject'])} did not answer within {SECONDS} s, so its state is unknown"
        return {"detail": detail, UNANSWERED: "yes"}
    return {"detail": detail} if detail else {}


def _lack(assumption: Mapping[str, str], root: Path) -> str:
    """The difference from the assumption; empty: it holds."""
    kind, subject = assumption["kind"], assumption["subject"]
    path = root / subject.lstrip("/")
    if kind == "program":
        return "" if path.is_file() and os.access(path, os.X_OK) else f"there is no program {subject}"
    if kind in ("file", "folder"):
        there = path.is_file() if kind == "file" else path.is_dir()
        return "" if there else f"there is no {kind} {subject}"
    if kind in ("user", "group"):
        accounts = _read(root / ("etc/passwd" if kind == "user" else "etc/group"))
        return "" if re.search(rf"^{re.escape(subject)}:", accounts, re.MULTILINE) else f"there is no {kind} {subject}"
    if kind == "unit":
        there = any((root / folder / subject).exists() for folder in UNITS)
        return "" if there else f"there is no unit {subject}"
    if kind == "line":
        found = re.search(assumption["expected"], _read(path), re.MULTILINE)
        return "" if found else f"{subject} has no line like {assumption['expected']}"
    if kind == "answer":
        return _answer(subject, assumption["expected"])
    return f"{kind!r} is not a kind of assumption that this program supports"


def _answer(command: str, expected: str) -> str:
    try:
        answer = subprocess.run(
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except OSError as error:
        return f"{_short(command)}: {error}"
    said = " ".join(answer.stdout.split())[-200:]
    if answer.returncode != 0:
        return f"{_short(command)}: exit code {answer.returncode}: {said}"
    found = re.search(expected, answer.stdout, re.MULTILINE)
    return "" if found else f"{_short(command)} prints nothing like {expected}, but: {said}"


def _short(command: str) -> str:
    """A command, shortened for people."""
    return command if len(command) <= 60 else f"{command[:60]}..."


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def main() -> int:
    """Prints, as JSON, the assumptions that do not hold and all installed packages. Always returns 0, because the
    reader judges."""
    wanted: list[dict[str, Any]] = json.load(sys.stdin)
    sys.stdout.write(json.dumps({"broken": broken(wanted), "packages": installed()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
