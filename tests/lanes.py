"""Which cases of a test everybody runs, and which only CI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest


def first(cases: Iterable[Any], chosen: Callable[[Any], bool]) -> list[Any]:
    """All cases for `parametrize`; those that are not chosen are more of the same, for the long lane."""
    return [case if chosen(case) else pytest.param(case, marks=pytest.mark.long) for case in cases]
