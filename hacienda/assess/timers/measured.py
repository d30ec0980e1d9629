"""Result files of the lab's drills: the duration of each outage, with machine and day.

{"environment": "lab",
 "drills": {"VIP holder loses power: longest write outage":
              {"seconds": 2.2, "machine": "2 processors, Linux 6.12", "date": "2026-03-01"}}}
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
"""Name of the file in an environment's folder (.hacienda/ENV)."""


def save(path: Path, environment: str, drills: Mapping[str, float]) -> None:
    """Writes figures to a result file. Figures of other drills in the file stay.

    Args:
        path: the file; its folder is created.
        environment: name of the environment.
        drills: drill -> seconds.

    Raises:
        InputError: the path holds a file that is no result file.
    """
    run = {
        "machine": f"{os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "date": datetime.now(UTC).date().isoformat(),
    }
    kept = {
        drill.name: {"seconds": drill.seconds, "machine": drill.machine, "date": drill.date} for drill in load(path)
    }
    new = {name: {"seconds": round(seconds, 3), **run} for name, seconds in drills.items()}
    document = {"environment": environment, "drills": kept | new}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def load(path: Path) -> tuple[Drill, ...]:
    """The drills of a result file, in its order; empty if there is no file.

    Raises:
        InputError: the file is no result file.
    """
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise _refused(path, f"is not readable as JSON: {error}") from None
    drills = document.get("drills") if isinstance(document, dict) else None
    if not isinstance(drills, dict):
        raise _refused(path, "has no mapping under `drills`")
    for name, told in drills.items():
        problem = _problem(told)
        if problem:
            raise _refused(path, f"gives {name!r} {problem}")
    return tuple(Drill(name, float(one["seconds"]), one["machine"], one["date"]) for name, one in drills.items())


def _problem(told: Any) -> str:
    """What is wrong with the entry of a drill; empty: nothing."""
    if not isinstance(told, dict):
        return "no mapping of seconds, machine and date"
    seconds = told.get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        return f"the seconds {seconds!r}, which are no valid number"
    if not isinstance(told.get("machine"), str):
        return "no machine"
    try:
        date.fromisoformat(told.get("date", ""))
    except (TypeError, ValueError):
        return f"the date {told.get('date')!r}, which is no valid date"
    return ""


def _refused(path: Path, reason: str) -> InputError:
    return InputError([Problem(str(path), reason, "Remove it, or run the drills again: make lab-test.")])
