"""Validates rendered files: lets the program that will read each of them say whether it accepts it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Protocol

from hacienda import secrets
from hacienda.cloudinit import NodeOutput
from hacienda.declare import DeclarationError
from hacienda.review.validation import shell, work
from hacienda.review.validation.checkers import CHECKERS, Check, Own, Program, ShellCheck
from hacienda.review.validation.dummies import Dummies
from hacienda.review.validation.subjects import Collection, Subject, collect


class Place(Protocol):
    """A machine of the target operating system that does checks; see `scratch.Scratch`."""

    def perform(self, order: work.Order) -> work.Answer:
        """Do the jobs of an order."""


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
        seconds: how long it took.
    """

    results: tuple[Result, ...]
    total: int
    seconds: float

    @property
    def refused(self) -> tuple[Result, ...]:
        """Files that a check refuses."""
        return tuple(result for result in self.results if result.accepted is False)

    @property
    def unchecked(self) -> tuple[Result, ...]:
        """Files that nothing checked."""
        return tuple(result for result in self.results if result.accepted is None)


def validate(outputs: Iterable[NodeOutput], needs: Iterable[secrets.Needs], place: Place | None) -> Report:
    """Check every file of every node.

    Args:
        outputs: rendered nodes, of one environment or several; may be a generator.
        needs: what the environments' stores hold; the values are made up.
        place: where programs of the target operating system run; None: nowhere, and what they would check is not checked.

    Raises:
        DeclarationError: a file names a checker that is not registered.
        ToolError: the place is broken, or ShellCheck is missing.
    """
    return check(collect(outputs), needs, place)


def check(collection: Collection, needs: Iterable[secrets.Needs], place: Place | None) -> Report:
    """Check what was collected; as `validate`."""
    began = time.monotonic()
    check_names(collection)
    dummies = Dummies(needs)
    results = [*_here(collection, dummies), *_there(collection, dummies, place)]
    results.sort(key=lambda result: (result.subject.file.path, result.subject.nodes, result.check))
    return Report(tuple(results), collection.total, time.monotonic() - began)


def check_names(collection: Collection) -> None:
    """Every file's checker must be registered.

    Raises:
        DeclarationError: one is not.
    """
    for subject in collection.subjects:
        if subject.file.checker not in CHECKERS:
            raise DeclarationError(
                f"{subject.file.service}: nothing is registered for {subject.file.path}, checker {subject.file.checker!r}"
            )


def _wanted(collection: Collection) -> Iterator[tuple[Subject, Check]]:
    for subject in collection.subjects:
        for check in CHECKERS[subject.file.checker]:
            yield subject, check


def _here(collection: Collection, dummies: Dummies) -> Iterator[Result]:
    """Checks that need no machine, and files that no check reads."""
    version = metadata.version("hacienda")
    scripts = [subject for subject, check in _wanted(collection) if isinstance(check, ShellCheck)]
    refusals = shell.refusals([subject.file for subject in scripts]) if scripts else {}
    for subject in collection.subjects:
        if not CHECKERS[subject.file.checker]:
            yield Result(subject, subject.file.checker, "", None, "nothing of it is rendered")
    for subject, check in _wanted(collection):
        if isinstance(check, Own):
            said = "\n".join(check.complaints(dummies.filled(subject.file.text)))
            yield Result(subject, check.title, version, not said, said)
        elif isinstance(check, ShellCheck):
            said = refusals.get(shell.name_of(subject.file), "")
            yield Result(subject, check.title, shell.version(), not said, said)


def _there(collection: Collection, dummies: Dummies, place: Place | None) -> Iterator[Result]:
    pairs = [(subject, check) for subject, check in _wanted(collection) if isinstance(check, Program)]
    if place is None:
        yield from (Result(subject, check.title, "", None, "it needs the lab's image") for subject, check in pairs)
        return
    jobs = work.jobs(pairs)
    answer = place.perform(work.order(jobs, collection, dummies))
    for job in jobs:
        outcome = answer.outcomes[job.id]
        for subject in job.subjects:
            said = work.complaint(job, subject, outcome)
            yield Result(subject, job.check.title, answer.versions[job.check.package], not said, said)


def counts(report: Report) -> Mapping[str, int]:
    """Check title -> number of distinct files it read."""
    found: dict[str, int] = {}
    for result in report.results:
        if result.accepted is not None:
            found[result.check] = found.get(result.check, 0) + 1
    return dict(sorted(found.items()))
