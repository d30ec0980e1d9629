"""Compares two texts line by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

CONTEXT = 2
"""Unchanged lines around a change."""

MOST_COMPARED = 4_000_000
"""Largest product of the sizes of two changed regions, in lines, in which common lines are searched: that takes up to a second.
For a larger product, the hunk shows all old lines, then all new ones."""


@dataclass(frozen=True)
class Hunk:
    """One changed place.

    Args:
        before, after: number of the first line in the old and in the new text, from 1.
        lines: lines, each with ` `, `-` or `+` in front.
    """

    before: int
    after: int
    lines: tuple[str, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """Lines without the context."""
        return tuple(line for line in self.lines if line[0] != " ")


def hunks(before: str, after: str) -> tuple[Hunk, ...]:
    """The places where two texts differ, each with CONTEXT lines around it."""
    old, new = _lines(before), _lines(after)
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    # The matcher sees only the differing region and the context around it.
    first, keep = max(0, start - CONTEXT), max(0, end - CONTEXT)
    old, new = old[first : len(old) - keep], new[first : len(new) - keep]
    if len(old) * len(new) > MOST_COMPARED:
        ahead, behind = start - first, end - keep
        removed, added = old[ahead : len(old) - behind], new[ahead : len(new) - behind]
        lines = [*_marked(" ", old[:ahead]), *_marked("-", removed), *_marked("+", added)]
        return (Hunk(first + 1, first + 1, (*lines, *_marked(" ", old[len(old) - behind :]))),)
    groups = difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT)
    found = []
    for group in groups:
        lines = []
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += _marked(" ", old[old_from:old_to])
            else:
                lines += [*_marked("-", old[old_from:old_to]), *_marked("+", new[new_from:new_to])]
        found.append(Hunk(first + group[0][1] + 1, first + group[0][3] + 1, tuple(lines)))
    return tuple(found)


def _lines(text: str) -> list[str]:
    """Lines of a text. If the last line has no line end, a line says so, as in the output of `diff`."""
    found = text.split("\n")
    if found[-1] == "":
        return found[:-1]
    return [*found, "\\ No newline at end of file"]


def _marked(mark: str, lines: list[str]) -> list[str]:
    return [mark + line for line in lines]


def _common(one: list[str], other: list[str]) -> int:
    """Number of equal lines at the beginning."""
    for number, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return number
    return min(len(one), len(other))
