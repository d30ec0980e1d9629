"""ENV is a path, or the name of a file in one of the two folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.environment import find, shipped
from hacienda.errors import InputError

ROOT = Path(__file__).parents[2]


def test_a_name_is_found_in_both_folders() -> None:
    assert find("lab", ROOT) == ROOT / "environments" / "lab.yaml"
    assert find("two-node", ROOT) == ROOT / "examples" / "environments" / "two-node.yaml"


def test_the_first_folder_wins(tmp_path: Path) -> None:
    for folder in ("environments", "examples/environments"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.yaml").touch()
    assert shipped(tmp_path) == {"x": tmp_path / "environments" / "x.yaml"}


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.touch()
    assert find(str(path), ROOT) == path


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError) as raised:
        find("labb", ROOT)
    assert "Did you mean `lab`?" in str(raised.value)
    assert "production" in str(raised.value)


@pytest.mark.parametrize("env", ["nowhere/x.yaml", "x.yaml", "a\0b/c", "", "../" * 2000])
def test_anything_else_is_an_input_error(env: str) -> None:
    with pytest.raises(InputError):
        find(env, ROOT)
