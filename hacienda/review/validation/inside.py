"""Runs checks in a machine. Uses the standard library only: this file is copied to a scratch machine, whose own Python runs it.

Called as `python3 inside.py FOLDER [LAYER]`. FOLDER/work.json holds the jobs; the answer is JSON on standard output. Each check
runs in separate mount and network namespaces, in a copy of the machine with the node's files in place (launch.sh). The content of
the folder LAYER is added to that copy; it is needed where FOLDER is not `checkers.HOME`.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, TypedDict

LIMIT_SECONDS = 300.0
"""Time limit of a check. Most checks take less than one second; the limit allows for a busy machine."""

MOST_OUTPUT = 200_000
"""Most characters of a program's output that are kept, from its end."""

CUT = "earlier output is cut off"
"""First line of an output that was cut."""


class Job(TypedDict):
    """One call of one program.

    Args:
        id: number that the caller gave.
        tree: name of the tree to put in place; empty: none.
        command: command for /bin/sh; `$@` are the arguments.
        arguments: paths of files, as the program sees them.
    """

    id: int
    tree: str
    command: str
    arguments: list[str]


def main(folder: Path, layer: str) -> None:
    """Run the jobs in work.json and print their outcomes."""
    work = json.loads((folder / "work.json").read_text())
    space = folder / "space"
    space.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "space", str(space)], check=True)
    trees = {name: _grow(folder, space, number, files) for number, (name, files) in enumerate(work["trees"].items())}
    jobs: list[Job] = work["jobs"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = list(pool.map(lambda job: _run(folder, space, trees.get(job["tree"]), layer, job), jobs))
    outcomes = dict(zip((job["id"] for job in jobs), answers, strict=True))
    json.dump({"outcomes": outcomes, "versions": _versions(work["packages"])}, sys.stdout)


def _versions(packages: list[str]) -> dict[str, str]:
    """Package -> version; empty if the package is not installed."""
    query = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *packages]
    shown = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    found = dict(line.split(" ", 1) for line in shown.splitlines())
    return {package: found.get(package, "") for package in packages}


def _grow(folder: Path, space: Path, number: int, files: list[dict[str, Any]]) -> Path:
    """A folder with one node's files. Users that a node's own scripts create do not exist here; their files belong to root."""
    tree = space / f"tree-{number}"
    for file in files:
        target = tree / file["path"].lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if file["object"] is None:
            target.mkdir(exist_ok=True)
        else:
            shutil.copyfile(folder / "objects" / file["object"], target)
        with contextlib.suppress(LookupError):
            shutil.chown(target, file["owner"], file["group"])
        target.chmod(file["mode"])
    return tree


def _run(folder: Path, space: Path, tree: Path | None, layer: str, job: Job) -> dict[str, Any]:
    own = space / f"job-{job['id']}"
    own.mkdir()
    argv = ["unshare", "--mount", "--net", "--", "sh", str(folder / "launch.sh"), str(own), str(tree or ""), layer]
    argv += [job["command"], *job["arguments"]]
    began = time.monotonic()
    # In a separate session, so that a check that hangs is ended with all its children.
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "TERM": "dumb"},
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        said += f"\nthe program did not end within {LIMIT_SECONDS:.0f} s"
    return {
        "code": process.returncode,
        "said": said if len(said) <= MOST_OUTPUT else f"{CUT}\n{said[-MOST_OUTPUT:]}",
        "seconds": round(time.monotonic() - began, 3),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
