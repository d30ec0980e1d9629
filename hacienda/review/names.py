"""Short lists of machine names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

FEW = 6
"""Up to this many machines are named one by one."""

_MOST_RANGES = 6
_NUMBERED = re.compile(r"(.*?)(0|[1-9]\d*)")


def brief(names: Sequence[str]) -> str:
    """`ctl-1 ctl-2`, or `40 machines: cmp-1..16 cmp-18..41`."""
    if len(names) <= FEW:
        return " ".join(names)
    ranges = _ranges(names)
    rest = len(ranges) - _MOST_RANGES
    shown = " ".join(ranges[:_MOST_RANGES]) + (f" and {rest} more" if rest > 0 else "")
    return f"{len(names)} machines: {shown}"


def natural(names: Iterable[str]) -> list[str]:
    """Names sorted by their numbers: `cmp-9` before `cmp-10`."""
    return sorted(names, key=_key)


def _key(name: str) -> tuple[str, int, str]:
    match = _NUMBERED.fullmatch(name)
    return (match[1], int(match[2]), name) if match else (name, -1, name)


def _ranges(names: Sequence[str]) -> list[str]:
    """Names with consecutive numbers, merged into ranges."""
    found: list[tuple[str, int, int]] = []
    for name in names:
        match = _NUMBERED.fullmatch(name)
        prefix, number = (match[1], int(match[2])) if match else (name, -1)
        if match and found and found[-1][0] == prefix and found[-1][2] == number - 1:
            found[-1] = (prefix, found[-1][1], number)
        else:
            found.append((prefix, number, number))
    return [p if low < 0 else f"{p}{low}" if low == high else f"{p}{low}..{high}" for p, low, high in found]
