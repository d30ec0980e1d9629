"""What checks say."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda.review.validation.checkers import CHECKERS, Program
from hacienda.review.validation.subjects import Subject


@dataclass(frozen=True)
class Result:
    """What one check says about one file.

    Args:
        subject: the file.
        check: title of the check.
        version: version of the program: of its package, where it is one of the target operating system.
        accepted: False: refused. None: nothing checked it.
        said: why it is refused, or why it was not checked.
    """

    subject: Subject
    check: str
    version: str
    accepted: bool | None
    said: str = ""

    def __str__(self) -> str:
        word = {True: "accepts", False: "refuses", None: "did not check"}[self.accepted]
        head = f"{self.check} {word} {self.subject.file.path} ({self.subject.where})"
        return f"{head}\n  " + "\n  ".join(self.said.splitlines()) if self.said else head


@dataclass(frozen=True)
class Report:
    """What came of a validation.

    Args:
        results: one per file and check.
        total: files on all nodes; equal ones are checked once.
        known: results that an earlier validation had already.
        seconds: how long it took.
    """

    results: tuple[Result, ...]
    total: int
    known: int
    seconds: float

    @property
    def refused(self) -> tuple[Result, ...]:
        """Files that a check refuses."""
        return tuple(result for result in self.results if result.accepted is False)

    @property
    def unchecked(self) -> tuple[Result, ...]:
        """Files that nothing checked."""
        return tuple(result for result in self.results if result.accepted is None)

    @property
    def programs(self) -> tuple[Result, ...]:
        """What programs said that will read the files on the machines, accepted or refused; our own checks are not among them."""
        titles = {check.title for checks in CHECKERS.values() for check in checks if isinstance(check, Program)}
        return tuple(result for result in self.results if result.accepted is not None and result.check in titles)
