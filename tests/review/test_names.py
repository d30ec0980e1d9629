"""Many machines are told by the ranges of their numbers."""

from __future__ import annotations

import pytest

from hacienda.review.names import brief


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["ctl-1", "ctl-2"], "ctl-1 ctl-2"),
        ([f"cmp-{n}" for n in range(1, 41)], "40 machines: cmp-1..40"),
        ([f"cmp-{n}" for n in range(1, 12) if n != 7], "10 machines: cmp-1..6 cmp-8..11"),
        ([*(f"sto-{n}" for n in range(1, 8)), "backup", "st-a1"], "9 machines: sto-1..7 backup st-a1"),
        ([f"cmp-{n}" for n in range(1, 40, 2)], "20 machines: cmp-1 cmp-3 cmp-5 cmp-7 cmp-9 cmp-11 and 14 more"),
    ],
)
def test_brief(names: list[str], told: str) -> None:
    assert brief(names) == told
