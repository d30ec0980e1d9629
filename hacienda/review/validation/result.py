"""Results of checks."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda.review.validation.checkers import CHECKERS, Program
from hacienda.review.validation.subjects import Subject


@dataclass(frozen=True)
class Result:
    """Result of one check of one file.

    Args:
        subject: the file.
        check: title of the check.
        version: version of the program; for a program of the target operating system, of its package.
        accepted: False: the check refuses the file. None: the file was not checked.
        said: why the file is refused, or why it was not checked.
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
    """Results of a validation.

    Args:
        results: one result for each file and check.
        total: number of files on all nodes; equal files are checked once.
        known: number of results from earlier validations.
        seconds: duration of the validation.
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
        """Files that no program checked."""
        return tuple(result for result in self.results if result.accepted is None)

    @property
    def programs(self) -> tuple[Result, ...]:
        """Results of the programs that will read the files on machines, accepted or refused; Hacienda's own are left out."""
        titles = {check.title for checks in CHECKERS.values() for check in checks if isinstance(check, Program)}
        return tuple(result for result in self.results if result.accepted is not None and result.check in titles)
