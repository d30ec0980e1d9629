"""Steps of a failure: named times, sums of them, or the longest of several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hacienda.assess.timers.readings import Reading


@dataclass(frozen=True)
class Time:
    """A timer, repeated.

    Args:
        label: what it is.
        each: seconds of one.
        times: how many times it runs, one after the other.
        file: path on the node of the file that sets it; empty: computed or a constant of the protocol.
    """

    label: str
    each: float
    times: float = 1
    file: str = ""

    @property
    def seconds(self) -> float:
        """How long all of them last."""
        return round(self.each * self.times, 6)

    def __str__(self) -> str:
        shown = f"{self.label} {short(self.each)}"
        return shown if self.times == 1 else f"{self.times:g} x {shown}"

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        told = {"label": self.label, "seconds": self.seconds, "each": self.each, "times": self.times}
        return told | {"file": self.file}


@dataclass(frozen=True)
class Sum:
    """Steps one after the other."""

    label: str
    of: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        """How long all steps last."""
        return round(sum(step.seconds for step in self.of), 6)

    def __str__(self) -> str:
        return " + ".join(str(step) for step in self.of)

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"label": self.label, "seconds": self.seconds, "sum": [step.to_json() for step in self.of]}


@dataclass(frozen=True)
class Longest:
    """Steps at the same time, of which the longest decides."""

    label: str
    of: tuple[Step, ...]

    @property
    def seconds(self) -> float:
        """How long the longest step lasts."""
        return max(step.seconds for step in self.of)

    def __str__(self) -> str:
        decides = max(self.of, key=lambda step: step.seconds)
        others = [f"{step.label} {short(step.seconds)}" for step in self.of if step is not decides]
        longer = f"longer than {', '.join(others)}" if others else ""
        if isinstance(decides, Time):
            return f"{decides} ({longer})" if longer else str(decides)
        return f"{decides.label} ({'; '.join(filter(None, (str(decides), longer)))})"

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"label": self.label, "seconds": self.seconds, "longest": [step.to_json() for step in self.of]}


Step = Time | Sum | Longest


def times(step: Step) -> Iterator[Time]:
    """Every timer in a step."""
    if isinstance(step, Time):
        yield step
    else:
        for one in step.of:
            yield from times(one)


def timed(reading: Reading, times: float = 1, label: str = "") -> Time:
    """A reading as a step."""
    return Time(label or reading.name, reading.value, times, reading.file)


def short(value: float) -> str:
    """Seconds in at most three decimals: `0.25 s`, `3600 s`."""
    return f"{round(value, 3):g} s"
