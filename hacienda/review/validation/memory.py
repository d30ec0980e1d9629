"""Separates files that were accepted before from files to check now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from hacienda.review.validation.cache import Cache, Keys
from hacienda.review.validation.checkers import Program, ShellCheck
from hacienda.review.validation.result import Result
from hacienda.review.validation.subjects import Collection, Subject

_Check = TypeVar("_Check", Program, ShellCheck)


class Memory:
    """One validation's view of the cache.

    Args:
        cache: answers of earlier validations.
        collection: the files of this validation.
    """

    def __init__(self, cache: Cache, collection: Collection) -> None:
        self._cache = cache
        self._keys = Keys(collection)
        self._asked: dict[tuple[int, str], str] = {}
        self.hits = 0

    def recall(
        self, pairs: Iterable[tuple[Subject, _Check]], identity: Callable[[_Check], str]
    ) -> tuple[list[Result], list[tuple[Subject, _Check]]]:
        """Known results, and pairs to check.

        Args:
            pairs: files and their checks.
            identity: returns what distinguishes a check's program from others of its name.
        """
        known: list[Result] = []
        fresh: list[tuple[Subject, _Check]] = []
        for subject, check in pairs:
            key = self._asked[id(subject), check.title] = self._keys.of(subject, check, identity(check))
            version = self._cache.version(key)
            if version is None:
                fresh.append((subject, check))
            else:
                known.append(Result(subject, check.title, version, accepted=True))
        self.hits += len(known)
        return known, fresh

    def keep(self, results: Iterable[Result]) -> None:
        """Record accepted results. Each belongs to a pair that `recall` returned."""
        accepted = {
            self._asked[id(result.subject), result.check]: result.version for result in results if result.accepted
        }
        self._cache.add(accepted)
