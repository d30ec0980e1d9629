"""The problems of a resolution, collected so that the operator sees all of them at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from hacienda.environment.source import Source, Trail
from hacienda.errors import Problem


@dataclass
class ProblemList:
    """Problems of one environment, by place in its file."""

    source: Source
    found: list[Problem] = field(default_factory=list)

    def add(self, trail: Trail, reason: str, fix: str = "", value: object = None) -> None:
        """Adds a problem; see `Source.problem`."""
        self.found.append(self.source.problem(trail, reason, fix, value))

    def __bool__(self) -> bool:
        return bool(self.found)
