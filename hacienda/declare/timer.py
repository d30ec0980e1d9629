"""Times that a service states, and that decide how long a failure is felt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Stated = float | Mapping[str, float]
"""Seconds or a count; where sections of a file have their own: section -> that, for every section that there is."""

EVERY = "every"
"""Name of a NoTimer that stands for all timers."""


@dataclass(frozen=True)
class Timer:
    """One time, or one count of attempts, stated once: the service's templates write it, and assessments add it up. A test reads it
    back from the rendered file.

    Args:
        name: what it is, in the operator's words; unique in its service.
        value: seconds or a count; or what computes it, given the cloud and the node, where an option or a declaration sets it.
        file: absolute path on the node of the service's file or script that has it.
        option: the service's option that sets it; empty: none does.
    """

    name: str
    value: float | Callable[[Any, Any], Stated]
    file: str
    option: str = ""

    def stated(self, cloud: Any, node: Any) -> Mapping[str, float]:
        """Its value on a node by section; the section is empty where the file has one value."""
        found = self.value(cloud, node) if callable(self.value) else self.value
        return found if isinstance(found, Mapping) else {"": found}


@dataclass(frozen=True)
class NoTimer:
    """A timer that assessments ask every service of its kind for, and that this one does not have, on purpose.

    Args:
        name: the timer's name; `every` for all of them.
        reason: why there is none.
    """

    name: str
    reason: str
