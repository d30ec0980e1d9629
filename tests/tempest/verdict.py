"""Compares what tests did with what is known of them. Whatever nobody has explained is a complaint."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

PASSED = "success"

_CLASS = re.compile(r"setUpClass \((.+)\)")
"""Name under which a class's failure or skip is reported, instead of those of its tests."""


@dataclass(frozen=True)
class Outcome:
    """What a test did.

    Args:
        state: `success`, `fail`, `skip`, or another word of the subunit protocol.
        said: the reason of a skip, or what a failure wrote.
        seconds: how long it took.
    """

    state: str
    said: str = ""
    seconds: float = 0.0

    @property
    def line(self) -> str:
        """The last line of what it said, which names the exception of a failure."""
        return (self.said.strip().splitlines() or [""])[-1]


@dataclass(frozen=True)
class Known:
    """A failure or a skip that has been explained.

    Args:
        state: `fail` or `skip`.
        reason: why, for people.
        says: regular expression that what the test said must match, so that another failure of the same test is not hidden.
    """

    state: str
    reason: str
    says: str

    @classmethod
    def read(cls, file: Path) -> dict[str, Self]:
        """Name of a test -> what is known of it.

        Raises:
            ValueError: an entry lacks something, or a test is named twice.
        """
        entries: list[dict[str, Any]] = YAML(typ="safe").load(file) or []
        found: dict[str, Self] = {}
        for entry in entries:
            if set(entry) != {"state", "reason", "says", "tests"} or entry["state"] not in ("fail", "skip"):
                raise ValueError(f"{file}: an entry has state (fail or skip), reason, says and tests: {entry}")
            for test in entry["tests"]:
                if test in found:
                    raise ValueError(f"{file}: {test} is named twice")
                found[test] = cls(entry["state"], entry["reason"], entry["says"])
        return found


def name(test: str) -> str:
    """A test's name, without its labels: Tempest appends `[id-...,smoke]`."""
    return test.partition("[")[0]


def of_each(listed: Iterable[str], outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcome of each listed test that has one. A class that failed or was skipped as a whole counts for its tests."""
    classes = {found[1]: outcome for test, outcome in outcomes.items() if (found := _CLASS.fullmatch(test))}
    own = {name(test): outcome for test, outcome in outcomes.items()}
    result = {}
    for test in map(name, listed):
        outcome = own.get(test) or classes.get(test.rpartition(".")[0])
        if outcome is not None:
            result[test] = outcome
    return result


def complaints(listed: Iterable[str], outcomes: Mapping[str, Outcome], known: Mapping[str, Known]) -> list[str]:
    """Each test of which something else is known than it did, in words; empty: everything is explained.

    Args:
        listed: tests that were to run.
        outcomes: name -> outcome, as reported.
        known: name -> what is known.
    """
    expected = [name(test) for test in listed]
    if not expected:
        return ["no test was to run"]
    each = of_each(expected, outcomes)
    said = [f"{test}: has no outcome" for test in expected if test not in each]
    for test, outcome in each.items():
        said += _complaint(test, outcome, known.get(test))
    said += [f"{test}: is known, and is not in the set" for test in known if test not in expected]
    accounted = {*expected, *(f"setUpClass ({test.rpartition('.')[0]})" for test in expected)}
    said += [
        f"{test}: {outcome.state}: {outcome.line}"
        for test, outcome in outcomes.items()
        if name(test) not in accounted and outcome.state != PASSED
    ]
    return said


def _complaint(test: str, outcome: Outcome, known: Known | None) -> list[str]:
    if known is None:
        return [] if outcome.state == PASSED else [f"{test}: {outcome.state}: {outcome.line}"]
    if outcome.state != known.state:
        return [f"{test}: {outcome.state}, known as {known.state} ({known.reason}): {outcome.line}"]
    if not re.search(known.says, outcome.said):
        return [f"{test}: {outcome.state} for another reason than is known ({known.reason}): {outcome.line}"]
    return []
