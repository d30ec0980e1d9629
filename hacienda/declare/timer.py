"""Times that a service's files set and that decide how long a failure is felt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "ms", "count"]
"""What a bare number means. A value that names its unit (`500ms`, `1m`, `PT1.5S`) is taken at its word."""

EVERY = "every"
"""Name of a NoTimer that stands for all timers."""


@dataclass(frozen=True)
class Timer:
    """One time, or one count of attempts, as a file on the node has it. It says where to read; the value is nowhere else.

    Args:
        name: what it is, in the operator's words; unique in its service.
        file: absolute path on the node of a file or script of the service.
        find: regular expression with one group, the value; `^` and `$` match at every line. The last match counts.
        unit: what a bare number means.
        section: regular expression for the first line of a section, with one group, its name; the value is then read in every
            section that has it, each section ends where the next line without indentation begins. Empty: the whole file.
        default: what the program does where the file says nothing, in seconds or as a count; None: the file must say it.
    """

    name: str
    file: str
    find: str
    unit: Unit = "s"
    section: str = ""
    default: float | None = None


@dataclass(frozen=True)
class NoTimer:
    """A timer that assessments ask every service of its kind for, and that this one does not have, on purpose.

    Args:
        name: the timer's name; `every` for all of them.
        reason: why there is none.
    """

    name: str
    reason: str
