"""Texts are compared line by line, and every way to write a difference leads from the old text to the new."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hacienda.review.diff import lines
from hacienda.review.diff.lines import Hunk, hunks

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", " d"]), max_size=30).map(lambda ls: "".join(f"{x}\n" for x in ls))


def patched(before: str, found: tuple[Hunk, ...]) -> str:
    """The old text with the hunks applied, each of which must fit."""
    old, new, place = before.splitlines(), [], 0
    for hunk in found:
        new += old[place : hunk.before - 1]
        place = hunk.before - 1
        assert len(new) == hunk.after - 1
        for line in hunk.lines:
            if line[0] != "+":
                assert old[place] == line[1:]
                place += 1
            if line[0] != "-":
                new.append(line[1:])
    return "".join(f"{line}\n" for line in [*new, *old[place:]])


@given(TEXTS, TEXTS)
def test_hunks_lead_from_the_old_text_to_the_new(before: str, after: str) -> None:
    found = hunks(before, after)
    assert patched(before, found) == after
    assert bool(found) == (before != after)


def test_a_change_has_two_lines_of_context() -> None:
    before = "".join(f"{n}\n" for n in range(1, 100))
    (hunk,) = hunks(before, before.replace("50\n", "fifty\n"))
    assert hunk == Hunk(48, 48, (" 48", " 49", "-50", "+fifty", " 51", " 52"))
    assert hunk.changed == ("-50", "+fifty")


def test_a_missing_last_line_break_is_told() -> None:
    (hunk,) = hunks("a\n", "a")
    assert hunk.changed == ("+\\ No newline at end of file",)


def test_texts_that_share_little_are_not_searched_for_long() -> None:
    count = 3000
    before, after = ("".join(f"{word} {n}\n" for n in range(count)) for word in ("old", "new"))
    assert count * count > lines.MOST_COMPARED
    (hunk,) = hunks(f"same\n{before}same\n", f"same\n{after}same\n")
    assert len(hunk.lines) == 2 * count + 2
    assert patched(f"same\n{before}same\n", (hunk,)) == f"same\n{after}same\n"
