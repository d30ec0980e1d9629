"""What a journey reports: an outcome for each step, and callbacks while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["done", "failed", "left out", "not tried"]
"""`left out`: the cloud, or the image, lacks what the step needs. `not tried`: an earlier step that it needs has failed."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of one step.

    Args:
        step: the step's name.
        state: how it ended.
        what: what it did, or why it did not.
        fix: what to do about a failure; empty: no advice.
        seconds: how long it took.
        detail: lines that explain a failure, such as the end of an instance's console.
    """

    step: str
    state: State
    what: str
    fix: str = ""
    seconds: float = 0.0
    detail: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """A journey.

    Args:
        environment: the environment's name.
        run: prefix of the names of everything that the journey makes.
        outcomes: one for each step, in order.
        facts: what later commands may use: addresses and identifiers of what was made.
    """

    environment: str
    run: str
    outcomes: tuple[Outcome, ...]
    facts: Mapping[str, str]

    @property
    def well(self) -> bool:
        """Whether no step failed."""
        return not any(one.state in ("failed", "not tried") for one in self.outcomes)

    @property
    def seconds(self) -> float:
        """Duration of all steps."""
        return sum(one.seconds for one in self.outcomes)

    def document(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "environment": self.environment,
            "well": self.well,
            "run": self.run,
            "seconds": round(self.seconds, 1),
            "facts": dict(self.facts),
            "steps": [
                {
                    "step": one.step,
                    "state": one.state,
                    "what": one.what,
                    "fix": one.fix,
                    "seconds": round(one.seconds, 1),
                    "detail": list(one.detail),
                }
                for one in self.outcomes
            ],
        }


class Observer:
    """Ignores everything. A caller overrides the methods that it needs."""

    def began(self, step: str) -> None:
        """Called when a step begins."""

    def says(self, text: str) -> None:
        """Called with what the present step waits for."""

    def ended(self, outcome: Outcome) -> None:
        """Called when a step has ended."""
