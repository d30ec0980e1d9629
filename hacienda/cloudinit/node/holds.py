"""Whether what the services rely on in their packages is there. It needs nothing but Python, so that the lab can run it in an
image that has nothing of the project yet: assumptions as JSON on standard input, the answer as JSON on standard output."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SECONDS = 300
"""How long one command may take. Each takes a second; on two processors with forty busy processes one took more than a minute."""

UNANSWERED = "unanswered"
"""Key of a lack that is none for sure: its command did not come to its end. It is asked again, and not remembered."""

UNITS = ("usr/lib/systemd/system", "lib/systemd/system")
"""Where packages put units. What lies in /etc is the project's or an operator's."""


def broken(assumptions: Iterable[Mapping[str, str]], root: Path = Path("/")) -> list[dict[str, str]]:
    """Those that do not hold, each with `version`, the package's, `detail`, what was found instead, and `unanswered` where nothing
    was found out.

    Args:
        assumptions: see `hacienda.declare.Assumption.to_json`.
        root: the file system to look at; commands run in the one that this process is in.
    """
    wanted = list(assumptions)
    if not wanted:
        return []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        details = list(pool.map(lambda assumption: _found(assumption, root), wanted))
    lacking = [(assumption, detail) for assumption, detail in zip(wanted, details, strict=True) if detail]
    versions = installed({assumption["package"] for assumption, _ in lacking}) if lacking else {}
    return [
        {**assumption, "version": versions.get(assumption["package"], "not installed"), **detail}
        for assumption, detail in lacking
    ]


def told(lack: Mapping[str, str], former: str = "") -> tuple[str, str]:
    """What is wrong and what to do, for people.

    Args:
        lack: as `broken` gives it.
        former: the package's version with which everything held here; empty when that is not known.
    """
    package, version = lack["package"], lack["version"]
    wrong = f"{package} {version}: {lack['detail']}; {lack['service']} needs it: {lack['reason']}"
    if UNANSWERED in lack:
        return wrong, "try again when the machine is less busy"
    bring = f"apt-get install --allow-downgrades {package}={former or 'VERSION'}"
    what = "the former version" if former and former != version else "a version that has it"
    more = "hacienda explain docs/assumptions.md"
    return wrong, f"install {what} ({bring}), or deploy with a Hacienda that knows this one; {more}"


def installed(packages: Iterable[str] = ()) -> dict[str, str]:
    """Versions of installed packages, by name; of all of them where none is named."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\n", *sorted(packages)]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return {}
    lines = (line.split() for line in answer.stdout.splitlines())
    return {line[0]: line[1] for line in lines if len(line) == 3 and line[2] == "installed"}


def _found(assumption: Mapping[str, str], root: Path) -> dict[str, str]:
    """What to say of an assumption that does not hold; nothing of one that does."""
    try:
        detail = _lack(assumption, root)
    except subprocess.TimeoutExpired:
        detail = f"{_short(assumption['subject'])} did not answer within {SECONDS} s, so nothing is known of it"
        return {"detail": detail, UNANSWERED: "yes"}
    return {"detail": detail} if detail else {}


def _lack(assumption: Mapping[str, str], root: Path) -> str:
    """What is not as assumed; empty when it holds."""
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
    return f"{kind!r} is no kind of assumption that this program knows"


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
    """As much of a command as people want to read."""
    return command if len(command) <= 60 else f"{command[:60]}..."


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""


def main() -> int:
    """Prints, as JSON, what does not hold and all installed packages; 0 whether there is any lack or not: the reader decides."""
    wanted: list[dict[str, Any]] = json.load(sys.stdin)
    sys.stdout.write(json.dumps({"broken": broken(wanted), "packages": installed()}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
