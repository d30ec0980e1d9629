"""Timers: times that a service sets and that decide how long clients notice a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hacienda.declare.views import Cloud, Node

Stated = float | Mapping[str, float]
"""Seconds or a count. Where each section of a file has its own: section -> seconds or count, for every section."""

EVERY = "every"
"""A NoTimer with this name stands for all timers."""


@dataclass(frozen=True)
class Timer:
    """One time or count of attempts. It is declared once: templates write it, and assessments add it up.

    A test reads it back from the rendered file.

    Args:
        name: what it is, in the operator's words; unique in its service.
        value: seconds or a count. Where an option or another declaration decides it: a function of the cloud and the node.
        file: absolute path on the node of the service's file or script that contains it.
        option: the service's option that sets it; empty: no option does.
    """

    name: str
    value: float | Callable[[Cloud, Node], Stated]
    file: str
    option: str = ""

    def stated(self, cloud: Cloud, node: Node) -> Mapping[str, float]:
        """Section -> value on a node. Where the file has one value, the section is empty."""
        found = self.value(cloud, node) if callable(self.value) else self.value
        return found if isinstance(found, Mapping) else {"": found}


@dataclass(frozen=True)
class NoTimer:
    """A timer that assessments expect of every service of its kind, and that this service does not have on purpose.

    Args:
        name: the timer's name; `every` stands for all timers.
        reason: why the service does not have it.
    """

    name: str
    reason: str
