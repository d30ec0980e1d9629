"""Validates rendered files: the program that will read a file on the node decides whether it accepts the file."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import TypeVar

from hacienda import secrets
from hacienda.cloudinit import NodeOutput
from hacienda.declare import DeclarationError
from hacienda.errors import ToolError
from hacienda.review.validation import shell, work
from hacienda.review.validation.cache import Cache
from hacienda.review.validation.checkers import CHECKERS, Own, Program, ShellCheck
from hacienda.review.validation.dummies import Dummies
from hacienda.review.validation.memory import Memory
from hacienda.review.validation.place import Place
from hacienda.review.validation.result import Report, Result
from hacienda.review.validation.subjects import Collection, Subject, collect

_Check = TypeVar("_Check", Own, Program, ShellCheck)


def validate(
    outputs: Iterable[NodeOutput], needs: Iterable[secrets.Needs], place: Place | None, cache: Cache | None = None
) -> Report:
    """Check every file of every node.

    Args:
        outputs: rendered nodes, of one environment or several; may be a generator.
        needs: secrets that the environments' stores hold; the validation uses dummy values.
        place: where programs of the target operating system run; None: nowhere, and their files are not checked.
        cache: answers of earlier validations, which are not repeated; None: every file is checked.

    Raises:
        DeclarationError: a file names a checker that is not registered.
        ToolError: the place fails.
    """
    return check(collect(outputs), needs, place, cache)


def check(
    collection: Collection, needs: Iterable[secrets.Needs], place: Place | None, cache: Cache | None = None
) -> Report:
    """Check collected files; arguments and errors are those of `validate`."""
    began = time.monotonic()
    check_names(collection)
    dummies, memory = Dummies(needs), Memory(cache or Cache(None), collection)
    results = [*_unread(collection), *_own(collection, dummies), *_shellcheck(collection, memory)]
    results += _there(collection, dummies, place, memory)
    results.sort(key=lambda result: (result.subject.file.path, result.subject.nodes, result.check))
    return Report(tuple(results), collection.total, memory.hits, time.monotonic() - began)


def check_names(collection: Collection) -> None:
    """Check that every file's checker is registered.

    Raises:
        DeclarationError: a checker is not registered.
    """
    for subject in collection.subjects:
        if subject.file.checker not in CHECKERS:
            raise DeclarationError(
                f"{subject.file.service}: checker {subject.file.checker!r} of {subject.file.path} is not registered"
            )


def _wanted(collection: Collection, kind: type[_Check]) -> Iterator[tuple[Subject, _Check]]:
    for subject in collection.subjects:
        for check in CHECKERS[subject.file.checker]:
            if isinstance(check, kind):
                yield subject, check


def _unread(collection: Collection) -> Iterator[Result]:
    """Files that no check reads."""
    for subject in collection.subjects:
        if not CHECKERS[subject.file.checker]:
            yield Result(subject, subject.file.checker, "", None, "no content of it is rendered")


def _own(collection: Collection, dummies: Dummies) -> Iterator[Result]:
    """Results of Hacienda's own checks. They are too quick to be worth caching."""
    version = metadata.version("hacienda")
    for subject, check in _wanted(collection, Own):
        said = "\n".join(check.complaints(dummies.filled(subject.file.text)))
        yield Result(subject, check.title, version, not said, said)


def _shellcheck(collection: Collection, memory: Memory) -> Iterator[Result]:
    pairs = list(_wanted(collection, ShellCheck))
    try:
        version = shell.version()
        known, fresh = memory.recall(pairs, lambda check: version)
        refusals = shell.refusals([subject.file for subject, _ in fresh]) if fresh else {}
    except ToolError as error:
        yield from (Result(subject, check.title, "", None, str(error)) for subject, check in pairs)
        return
    said = {id(subject): refusals.get(shell.name_of(subject.file), "") for subject, _ in fresh}
    found = [Result(s, check.title, version, not said[id(s)], said[id(s)]) for s, check in fresh]
    memory.keep(found)
    yield from known
    yield from found


def _there(collection: Collection, dummies: Dummies, place: Place | None, memory: Memory) -> Iterator[Result]:
    """Results of programs of the target operating system."""
    able: list[tuple[Subject, Program]] = []
    for subject, check in _wanted(collection, Program):
        lacking = place.lacks(check) if place else "it needs the lab's image"
        if lacking:
            yield Result(subject, check.title, "", None, lacking)
        else:
            able.append((subject, check))
    if place is None or not able:
        return
    known, fresh = memory.recall(able, place.identity)
    yield from known
    if fresh:
        found = list(_asked(fresh, collection, dummies, place))
        memory.keep(found)
        yield from found


def _asked(
    pairs: list[tuple[Subject, Program]], collection: Collection, dummies: Dummies, place: Place
) -> Iterator[Result]:
    jobs = work.jobs(pairs)
    answer = place.perform(work.order(jobs, collection, dummies))
    for job in jobs:
        outcome, version = answer.outcomes[job.id], answer.versions[job.check.package]
        for subject in job.subjects:
            if not version:
                said = f"{place.title} has no package {job.check.package}"
                yield Result(subject, job.check.title, "", None, said)
            else:
                said = work.complaint(job, subject, outcome)
                yield Result(subject, job.check.title, version, not said, said)


def counts(report: Report) -> Mapping[str, int]:
    """Title of each check -> number of distinct files that it read."""
    found: dict[str, int] = {}
    for result in report.results:
        if result.accepted is not None:
            found[result.check] = found.get(result.check, 0) + 1
    return dict(sorted(found.items()))
