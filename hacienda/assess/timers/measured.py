"""Result files of the lab's drills: how long each outage was, on which machine and day.

{"environment": "lab", "machine": "2 processors, Linux 6.12", "date": "2026-03-01",
 "drills": {"VIP holder loses power: longest write outage": 2.2}}
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hacienda.assess.timers.model import Drill
from hacienda.errors import InputError, Problem

NAME = "measured.json"
"""Name of the file in an environment's own folder (.hacienda/ENV)."""


def save(path: Path, environment: str, drills: Mapping[str, float]) -> None:
    """Write a result file. What it held of drills that were not run this time stays out: it was another run.

    Args:
        path: the file; its folder is made.
        environment: name of the environment.
        drills: drill -> seconds.
    """
    document = {
        "environment": environment,
        "machine": f"{os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "date": datetime.now(UTC).date().isoformat(),
        "drills": {name: round(seconds, 3) for name, seconds in drills.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def load(path: Path) -> tuple[Drill, ...]:
    """The drills of a result file, in its order; none where there is no file.

    Raises:
        InputError: it is not such a file.
    """
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise _refused(path, f"is not readable as JSON: {error}") from None
    problem = _problem(document)
    if problem:
        raise _refused(path, problem)
    machine, day = document["machine"], document["date"]
    return tuple(Drill(name, float(seconds), machine, day) for name, seconds in document["drills"].items())


def _problem(document: Any) -> str:
    """What is wrong with a document; empty: nothing."""
    if not isinstance(document, dict):
        return "is not a mapping"
    for key in ("environment", "machine", "date"):
        if not isinstance(document.get(key), str):
            return f"has no text under `{key}`"
    try:
        date.fromisoformat(document["date"])
    except ValueError:
        return f"has the date {document['date']!r}, which is none"
    drills = document.get("drills")
    if not isinstance(drills, dict):
        return "has no mapping under `drills`"
    for name, seconds in drills.items():
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
            return f"has {seconds!r} for {name!r}, which is no number of seconds"
    return ""


def _refused(path: Path, reason: str) -> InputError:
    return InputError([Problem(str(path), reason, "Remove it, or run the drills again: make lab-test.")])
