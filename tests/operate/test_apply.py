"""Plan, apply and destroy as functions: without a console, a command line or a working folder of their own."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest import mock

import pytest

from hacienda import operate
from hacienda.errors import InputError, RefusedError
from hacienda.operate.observer import OnLine
from tests.cli.conftest import NODES, Project, make_project

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/howto/use-your-own-pipeline.md"


class Log(operate.Observer):
    """Writes down what it is given."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.reviews: list[operate.Review] = []
        self.work: list[str] = []
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def review(self, review: operate.Review) -> None:
        self.reviews.append(review)

    def working(self, what: str) -> AbstractContextManager[None]:
        self.work.append(what)
        return nullcontext()

    def applying(self, stack: str, progress: Path) -> AbstractContextManager[OnLine]:
        return nullcontext(self.lines.append)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Project]:
    """A project, and this process' variables as its commands have them."""
    made = make_project(tmp_path / "project")
    with mock.patch.dict(os.environ, made.environment, clear=True):
        yield made


def test_a_cloud_is_planned_applied_examined_and_destroyed(small: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project, log = operate.Project(small.root), Log()
    cloud = project.read("small")
    planned = operate.plan(project, cloud, observer=log)
    assert {action.kind for action in planned.review.changes} == {"create"}
    assert planned.review.refusals == []
    assert not list((small.root / ".hacienda/small/plans").iterdir())
    done = operate.apply(project, cloud, approve=lambda review: True, observer=log)
    assert done.seconds > 0 and not done.unfinished
    assert [review.changed for review in log.reviews] == [True]
    assert log.work[0] == "synthesizing small" and "planning small-controller" in log.work
    assert any('"apply_complete"' in line for line in log.lines)
    assert operate.examine(project, cloud).well
    again = operate.apply(project, cloud, approve=never)
    assert again.seconds == 0 and again.review.changes == ()
    assert operate.destroy(project, cloud, approve=lambda review: len(review.changes) == 4) is not None
    assert operate.destroy(project, cloud, approve=never) is None
    assert capfd.readouterr() == ("", ""), "progress is the caller's"


def never(review: operate.Review) -> bool:
    raise AssertionError("nobody is asked where nothing changes")


def test_what_is_not_approved_is_not_done(small: Project) -> None:
    project = operate.Project(small.root)
    with pytest.raises(InputError, match=r"Nothing was touched\."):
        operate.apply(project, project.read("small"), approve=lambda review: False)
    assert not any((small.machine(name) / "var").exists() for name in NODES)


def test_what_no_order_makes_safe_is_refused_with_its_reasons(small: Project) -> None:
    project = operate.Project(small.root)
    cloud = project.read("small")
    operate.apply(project, cloud, approve=lambda review: True)
    small.machine("ctl-3").rename(small.root / "unplugged")
    with pytest.raises(RefusedError, match=r"(?s)unreachable.*Nothing was touched") as caught:
        operate.apply(project, cloud, approve=never, replace=["ctl-1"])
    assert caught.value.fix is not None and "hacienda status" in caught.value.fix


@pytest.mark.long  # the first test above applies a cloud in the same way
def test_the_page_s_example_applies_a_cloud(small: Project) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    program = example.replace('"lab"', '"small"')
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=small.root,
        env={**small.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "well"
    assert re.fullmatch(r"4 changes in \d+ s", lines[-2])


def test_it_needs_neither_console_nor_arguments() -> None:
    """What operate imports, directly or through others, has no part of the command line."""
    code = "import sys; from hacienda import operate; print([m for m in sys.modules if m.split('.')[0] in ('typer', 'rich')"
    code += " or m.startswith('hacienda.cli')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [name for name in ast.literal_eval(done.stdout) if name.startswith(("hacienda.cli", "typer"))] == []
