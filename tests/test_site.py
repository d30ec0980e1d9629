"""The documentation as a site: every page is in its navigation once, and a browser asks nobody else for anything."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from tests import repository

ROOT = Path(__file__).parents[1]
PAGES = [
    name.removesuffix(".md")
    for name in repository.git(ROOT, "ls-files", "*.md").splitlines()
    if name.count("/") == 0 or name.startswith("docs/")
]
"""Pages at the top and under docs/, without their endings."""
FOREIGN = re.compile(
    r"""<(?:script|img|iframe|link)\b[^>]*(?:src|href)=["']?(?:https?:)?//|url\(["']?(?:https?:)?//|@import"""
)
"""What a browser fetches from another site: a link that a reader may follow is none."""


@pytest.fixture(scope="module")
def settings() -> ModuleType:
    """docs/conf.py."""
    found = importlib.util.spec_from_file_location("conf", ROOT / "docs/conf.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_contents_name_every_page_once(settings: ModuleType) -> None:
    entries = re.findall(r"(?m)^([\w/*-]+)$", settings.navigation())
    named = [page for page in PAGES for entry in entries if re.fullmatch(entry.replace("*", r"[\w-]+"), page)]
    assert Counter(named) == Counter(page for page in PAGES if page != "README")


def test_a_link_to_a_folder_leads_to_its_first_page(settings: ModuleType) -> None:
    adapted = settings._folder_links("[a](rules/) [b](decisions) [c](lab.md) [d](../examples/own-stack)", ROOT / "docs")
    assert adapted == "[a](rules/README.md) [b](decisions/0001-leaves.md) [c](lab.md) d"


def test_what_a_browser_fetches_elsewhere_is_found() -> None:
    assert FOREIGN.search('<link rel="stylesheet" href="https://fonts.example.org/x.css">')
    assert FOREIGN.search("<script async src='//example.org/x.js'>")
    assert FOREIGN.search("src:url(https://example.org/x.woff2)")
    assert not FOREIGN.search('<a href="https://example.org/">there</a> <script src="_static/x.js">')


@pytest.mark.long  # what the contents name, and where links lead, shorter ones show (tests/test_links.py)
def test_the_site_is_built_without_a_warning_and_stands_alone(tmp_path: Path) -> None:
    options = [
        "--quiet",
        "--fail-on-warning",
        "--keep-going",
        "--conf-dir",
        "docs",
        "--doctree-dir",
        str(tmp_path / "trees"),
    ]
    argv = [sys.executable, "-m", "sphinx", *options, "--builder", "html", ".", str(tmp_path / "site")]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    site = tmp_path / "site"
    assert {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")} == {
        *PAGES,
        *("index", "genindex", "search"),
    }
    assert (site / "index.html").read_text() == (site / "README.html").read_text()
    listed = re.findall(
        r'class="toctree-l1"><a class="reference internal" href="([^"]+)\.html"', (site / "index.html").read_text()
    )
    assert Counter(listed) == Counter(page for page in PAGES if page != "README")
    files = [path for path in site.rglob("*") if path.suffix in (".html", ".css")]
    assert [path for path in files if FOREIGN.search(path.read_text())] == []
