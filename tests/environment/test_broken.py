"""A corpus of broken files, one mistake in each (some with several), with the exact message beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.cloud import read
from hacienda.errors import InputError
from tests.cloud.samples import REGISTRY

CORPUS = Path(__file__).parent / "broken"
FILES = sorted(CORPUS.glob("*.yaml"))
RULES = ("DOMAIN", "TIME", "VOTERS")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_says_what_is_wrong(path: Path) -> None:
    """The exact message; and whatever it is, each problem names the file, a line of it and a reason that a terminal can show."""
    with pytest.raises(InputError) as raised:
        read(path, REGISTRY, path.name, RULES)
    assert f"{raised.value}\n" == path.with_suffix(".expected").read_text()
    lines = path.read_bytes().count(b"\n") + 1
    for problem in raised.value.problems:
        assert problem.file == path.name
        assert problem.line is not None
        assert 1 <= problem.line <= lines
        assert problem.reason
        assert "\n" not in problem.reason
        assert str(problem).replace("\n", "").isprintable()


def test_the_corpus_is_complete() -> None:
    assert len(FILES) >= 60
    assert {path.stem for path in FILES} == {path.stem for path in CORPUS.glob("*.expected")}
