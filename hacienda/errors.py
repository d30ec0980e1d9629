"""Errors meant for the operator: their words, what to do next, and the exit code of the command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LONG = 8
"""Characters from which a word may have two slips and still be recognized."""
_SHORT = 5
"""Characters up to which one changed letter makes another word (`role`, `rule`)."""
_TINY = 3
"""Characters up to which any other letter does (`dns`, `ns`): only their order may differ."""


def similar(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is a slip of the pen for; None if there is none.

    A slip is one letter too many, too few, changed, or swapped with its neighbour; two of these in words of eight letters or
    more. The first letter is right, or swapped with the second. Case, hyphens and underscores do not count. A changed digit
    makes another word, and so does a changed letter in a short word.
    """
    close = sorted((slips, name) for name in known if (slips := _slips(_letters(word), _letters(name))) is not None)
    return close[0][1] if close else None


def _letters(word: str) -> str:
    return re.sub(r"[-_ ]", "", word).casefold()


def _slips(word: str, name: str) -> int | None:
    """How many slips make the one of the other; None: they are different words."""
    longest = max(len(word), len(name))
    if word == name:
        return 0
    swapped = sorted(word[:2]) == sorted(name[:2])
    if re.sub(r"\D", "", word) != re.sub(r"\D", "", name) or not (swapped or word[:1] == name[:1]):
        return None
    if (longest <= _TINY or (longest <= _SHORT and len(word) == len(name))) and sorted(word) != sorted(name):
        return None
    found = _distance(word, name)
    return found if found <= (2 if longest >= _LONG else 1) else None


def _distance(word: str, name: str) -> int:
    """Letters added, dropped, changed or swapped (the optimal string alignment distance)."""
    before: list[int] = []
    row = list(range(len(name) + 1))
    for i, letter in enumerate(word, 1):
        earlier, before, row = before, row, [i]
        for j, other in enumerate(name, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == name[j - 2] and word[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the operator wrote.

    Args:
        where: the field, dotted as in the file (`machines.controller`); empty: the file as a whole.
        reason: what is wrong with it, in the operator's words.
        fix: what to write instead, or to do; empty where the reason says it all.
        file: path as the operator gave it; empty: not from a file.
        line: line number from 1; None: unknown.
        value: what was written, shortened for display; never a secret. Empty: not shown.
    """

    where: str
    reason: str
    fix: str = ""
    file: str = ""
    line: int | None = None
    value: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line is not None else self.file
        field = f"{self.where} = {self.value}" if self.where and self.value else self.where
        text = ": ".join(part for part in (place, field, self.reason) if part)
        return f"{text}\n  {self.fix}" if self.fix else text


class HaciendaError(Exception):
    """Base of every error an operator may see.

    Args:
        message: what is wrong.
        fix: what to do about it; None: nothing to add.
    """

    exit_code = 3

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n  {self.fix}" if self.fix else self.message


class UnwellError(HaciendaError):
    """The cloud is unwell."""

    exit_code = 1


class InputError(HaciendaError):
    """Bad input: every problem at once.

    Args:
        problems: all of them, in the order of the file; a plain message makes one problem of itself.
        fix: for a plain message: what to do.
        unseen: what could not be looked at because of them, a sentence each; there may be more problems in it.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | str, fix: str | None = None, unseen: Iterable[str] = ()) -> None:
        if isinstance(problems, str):
            problems = (Problem(where="", reason=problems, fix=fix or ""),)
        self.problems = tuple(problems)
        self.unseen = tuple(dict.fromkeys(unseen))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ToolError(HaciendaError):
    """A tool is missing or failed."""

    exit_code = 3


class RefusedError(HaciendaError):
    """The guard refuses: a quorum, or the last copy of a service, would be lost."""

    exit_code = 4
