"""The base is rendered by its own code, and whatever becomes of that is told. Here that code is a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda.errors import InputError, ToolError
from hacienda.review.diff import base
from tests import repository

WRITES = """\
import sys, pathlib
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
print(sys.argv[1:], file=sys.stderr)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an environment and with the code that is taken for the running one."""
    made = tmp_path / "repository"
    (made / "environments").mkdir(parents=True)
    (made / "environments/small.yaml").write_text("name: small\n")
    (made / "hacienda").mkdir()
    monkeypatch.setattr(base, "_CODE", made.resolve())
    return made


def rendered(folder: Path, program: str, file: str = "environments/small.yaml") -> base.Base:
    """The base, with this for its `hacienda.cli`; the working tree has lost it."""
    code = folder / "hacienda/cli.py"
    code.write_text(WRITES + program)
    repository.commit(folder)
    code.unlink()
    with base.rendered("HEAD", folder / file, folder) as waiting:
        return waiting()


def test_a_base_that_ends_badly_is_quoted(folder: Path) -> None:
    with pytest.raises(ToolError, match=r"(?s)The code of HEAD ended with 7.*'./environments/small.yaml'"):
        rendered(folder, "sys.exit(7)")


def test_a_base_that_refuses_its_file_is_bad_input(folder: Path) -> None:
    with pytest.raises(InputError, match=r"--base HEAD: the environment of this revision cannot be rendered:"):
        rendered(folder, "sys.exit(2)")


@pytest.mark.parametrize("program", ["", "(out / 'nodes/small/ctl-1').mkdir(parents=True)"])
def test_a_base_that_writes_something_else_is_told(folder: Path, program: str) -> None:
    with pytest.raises(ToolError, match="the base's rendering cannot be read"):
        rendered(folder, program)


def test_an_environment_that_moved_is_found_by_its_name(folder: Path) -> None:
    (folder / "examples/environments").mkdir(parents=True)
    with pytest.raises(ToolError, match="ended with 7"):
        rendered(folder, "sys.exit(7)", file="examples/environments/small.yaml")


def test_an_environment_that_is_not_in_the_base_is_new(folder: Path) -> None:
    found = rendered(folder, "sys.exit(7)", file="environments/other.yaml")
    assert found.rendering is None
    assert found.title == f"HEAD ({found.commit[:10]})"


@pytest.mark.parametrize("name", ["diff", "rendered_diff"])
def test_a_base_that_knows_the_interchange_is_asked_for_it(folder: Path, name: str) -> None:
    code = folder / f"hacienda/review/{name}/__main__.py"
    code.parent.mkdir(parents=True)
    code.write_text("import sys\nprint(sys.argv[1:], file=sys.stderr)\nsys.exit(8)\n")
    with pytest.raises(ToolError, match=r"(?s)The code of HEAD ended with 8.*'./environments/small.yaml'"):
        rendered(folder, "sys.exit(7)")


def test_whoever_does_not_wait_leaves_nothing_running(folder: Path) -> None:
    code = folder / "hacienda/cli.py"
    code.write_text("import time\ntime.sleep(600)\n")
    repository.commit(folder)
    with base.rendered("HEAD", folder / "environments/small.yaml", folder):
        pass
