"""Suggestions for misspelt words, in the operator's file and in declarations."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

_LONG = 8
"""Characters: a word of this length or longer may have two slips and is still recognized."""
_SHORT = 5
"""Characters: in a word up to this length one changed letter makes another word (`role`, `rule`)."""
_TINY = 3
"""Characters: in a word up to this length any other letter makes another word (`dns`, `ns`). Only the order may differ."""


def similar(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` misspells; None if there is none.

    A slip is one letter too many, too few, changed, or swapped with its neighbour. A word of eight letters or more may have two.
    The first letter is right, or swapped with the second. Case, hyphens and underscores do not count. A changed digit makes another
    word, and so does a changed letter in a short word.
    """
    letters = _letters(word)
    close = sorted((slips, name) for name in known if (slips := _slips(letters, _letters(name))) is not None)
    return close[0][1] if close else None


@functools.cache
def _letters(word: str) -> str:
    return re.sub(r"[-_ ]", "", word).casefold()


def _slips(word: str, name: str) -> int | None:
    """How many slips lead from one word to the other; None: they are different words."""
    if word == name:
        return 0
    if word[:1] != name[:1] and sorted(word[:2]) != sorted(name[:2]):
        return None
    if re.sub(r"\D", "", word) != re.sub(r"\D", "", name):
        return None
    longest = max(len(word), len(name))
    if (longest <= _TINY or (longest <= _SHORT and len(word) == len(name))) and sorted(word) != sorted(name):
        return None
    found = _distance(word, name)
    return found if found <= (2 if longest >= _LONG else 1) else None


def _distance(word: str, name: str) -> int:
    """Number of letters added, dropped, changed or swapped (the optimal string alignment distance)."""
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
