"""`make setup` installs the lock as it is, and refuses one that does not hold all that the project requires."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pip
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from tests import lanes, programs

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"(?m)^(\w[\w-]*):(?!=)", MAKEFILE))
LINTS = re.search(r"(?m)^lint: (.*)$", MAKEFILE)[1].split()  # type: ignore[index]
PYTHONS = tuple(
    name.rpartition(" ")[2] for name in PROJECT["project"]["classifiers"] if name.startswith("Programming Language")
)

# A build backend of its own, because the lock of a test holds no setuptools.
BACKEND = """
import shutil

def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("editable/hacienda-1.0-py3-none-any.whl", folder).rpartition("/")[2]
"""

# Real environments with a real pip, which is linked: unpacking one takes longer than all the rest.
PYTHON = """#!/bin/sh
set -e
if [ "$1 $2" != "-m venv" ]; then exec {python} "$@"; fi
{python} "$@" --without-pip
ln -s {pip} {pip}-[0-9]* .venv/lib/python*/site-packages/
"""


def wheel(folder: Path, name: str, requires: Iterable[str] = (), *, extras: Iterable[str] = ()) -> Path:
    """Write an empty wheel, version 1.0, of a package that requires others."""
    info = f"{name}-1.0.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {text}" for text in requires]
    texts = {
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in texts.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\n"
    made = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as archive:
        for path, text in {**texts, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return made


@dataclass(frozen=True)
class Checkout:
    """A project with the real Makefile, a lock of a few wheels, and no index to fetch anything else from."""

    root: Path

    def lock(self, *names: str) -> None:
        """Pin these packages and no others."""
        lines = []
        for name in names:
            digest = hashlib.sha256((self.root / "wheels" / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()
            lines.append(f"{name}==1.0 --hash=sha256:{digest}\n")
        (self.root / "requirements.txt").write_text("".join(lines))

    def setup(self) -> tuple[int, str]:
        """Run `make setup`; its exit code and all that it says."""
        # `make test` leaves its own options to every make below it.
        environment = {
            name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
        }
        # Wheels of the missing packages lie where pip would find them: set-up takes from nowhere what is not locked.
        environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.root / "wheels"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            ["make", "setup", f"PYTHON={self.root / 'python'}"],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    @property
    def ready(self) -> bool:
        return (self.root / ".venv/.ready").exists()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "wheels").mkdir()
    (tmp_path / "python").write_text(PYTHON.format(python=sys.executable, pip=Path(pip.__file__).parent))
    (tmp_path / "python").chmod(0o755)
    wheel(tmp_path / "wheels", "app", ["library"])
    wheel(tmp_path / "wheels", "library")
    wheel(tmp_path / "wheels", "linter")
    wheel(tmp_path / "wheels", "builder")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["builder"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (tmp_path / "backend.py").write_text(BACKEND)
    (tmp_path / "editable").mkdir()
    wheel(
        tmp_path / "editable",
        "hacienda",
        ["app", 'linter; extra == "dev"'],
        extras=("dev", "docs", "pictures", "terraform", "verify"),
    )
    return Checkout(tmp_path)


MISSING = {
    "a package that a package requires": (
        ["app", "linter", "builder"],
        "app 1.0 requires library, which is not installed",
    ),
    "a package that an extra requires": (["app", "library", "builder"], "linter"),
    "a package that the build requires": (["app", "library", "linter"], "builder"),
}
"""What is locked, and what pip says about the rest."""


@pytest.mark.parametrize("case", lanes.first(MISSING, "a package that a package requires".__eq__))
def test_a_lock_that_lacks_a_package_is_refused(checkout: Checkout, case: str) -> None:
    names, said = MISSING[case]
    checkout.lock(*names)
    code, text = checkout.setup()
    assert code != 0
    assert said in text
    assert "requirements.txt does not hold what is named above. Run `make requirements`" in text
    assert not checkout.ready


def test_a_complete_lock_is_installed_and_nothing_that_an_earlier_one_held(checkout: Checkout) -> None:
    checkout.lock("app", "library", "linter", "builder")
    assert checkout.setup() == (0, "filling .venv (a minute or two, once)\nNo broken requirements found.\n")
    assert checkout.ready
    checkout.lock("app", "linter", "builder")
    code, text = checkout.setup()
    assert code != 0
    assert "app 1.0 requires library, which is not installed" in text


def test_a_python_without_venv_or_too_old_is_named_with_what_to_do(checkout: Checkout) -> None:
    checkout.lock()
    python = checkout.root / "python"
    for failing, said in (("ensurepip", "apt-get install python3-venv"), ("version_info", "Python 3.11 or later")):
        python.write_text(f'#!/bin/sh\ncase "$2" in *{failing}*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
        code, text = checkout.setup()
        assert code != 0
        assert said in text
        assert not (checkout.root / ".venv").exists()


@dataclass(frozen=True)
class Place:
    """One kind of machine that the lock is for."""

    python: str
    machine: str
    marker: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        values = {
            "implementation_name": "cpython",
            "implementation_version": f"{self.python}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "6.1.0",
            "platform_system": "Linux",
            "platform_version": "#1 SMP",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }
        object.__setattr__(self, "marker", values)

    def wants(self, requirement: Requirement, extra: str) -> bool:
        """Whether a requirement counts here, for a package of which an extra is asked for (or none: "")."""
        return requirement.marker is None or requirement.marker.evaluate({**self.marker, "extra": extra})


def locked(place: Place, text: str) -> dict[str, str]:
    """Versions of the lock by name, as they count on a machine."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    found = [Requirement(re.sub(r"\s--hash=\S+", "", line).strip()) for line in lines if line and line[0] not in "# "]
    return {
        canonicalize_name(entry.name): next(iter(entry.specifier)).version for entry in found if place.wants(entry, "")
    }


def required(place: Place) -> Iterator[tuple[str, Requirement]]:
    """Everything that must be locked on a machine, with who asks for it; from what is installed here."""
    project = PROJECT["project"]
    texts = [*PROJECT["build-system"]["requires"], *project["dependencies"]]
    texts += [text for extra in project["optional-dependencies"].values() for text in extra]
    todo = [("pyproject.toml", Requirement(text)) for text in texts]
    seen: set[tuple[str, str]] = set()
    while todo:
        asker, requirement = todo.pop()
        yield asker, requirement
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                inner = metadata.requires(name) or []
            except (
                metadata.PackageNotFoundError
            ):  # it counts on another Python alone; that one's own set-up looks into it
                continue
            todo += [(name, found) for found in map(Requirement, inner) if place.wants(found, extra)]


def lacking(place: Place, text: str) -> list[str]:
    """What the lock does not hold, or holds in another version than is asked for."""
    held = locked(place, text)
    return [
        f"{asker} requires {requirement}; locked: {held.get(canonicalize_name(requirement.name), 'nothing')}"
        for asker, requirement in required(place)
        if not requirement.specifier.contains(held.get(canonicalize_name(requirement.name), "no"), prereleases=True)
    ]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_is_complete_for_every_python(python: str, machine: str) -> None:
    place = Place(python, machine)
    text = (ROOT / "requirements.txt").read_text()
    assert lacking(place, text) == []
    for name in ("coverage", "setuptools", "markupsafe"):
        without = re.sub(rf"(?m)^{name}==.*\n(    .*\n)*", "", text)
        assert len(lacking(place, without)) > 0, f"a lock without {name} passes"


def test_the_lock_pins_by_hash_alone() -> None:
    entries = re.sub(r"\\\n", " ", (ROOT / "requirements.txt").read_text()).splitlines()
    entries = [line for line in entries if line and not line.startswith("#")]
    assert entries
    assert [
        line for line in entries if not re.match(r"[\w.-]+==\S+( ; .+?)?( +--hash=sha256:[0-9a-f]{64})+$", line)
    ] == []


def test_the_forge_tests_on_the_pythons_that_the_project_names() -> None:
    jobs = YAML(typ="safe").load(ROOT / ".github/workflows/test.yml")["jobs"]
    assert tuple(jobs["test"]["strategy"]["matrix"]["python"]) == PYTHONS
    scripts = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
    called = set(re.findall(r"\bmake (\w+)", "\n".join(scripts)))
    assert called >= {"setup", "test", "package"}
    assert called <= TARGETS


@pytest.mark.parametrize("file", [".ci/run", ".github/workflows/test.yml"])
def test_who_accepts_no_skip_installs_what_tests_run(file: str) -> None:
    text = (ROOT / file).read_text()
    assert [name for name in programs.PACKAGES.values() if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"])
def test_a_page_names_targets_that_make_has(page: str) -> None:
    shown = re.findall(r"(?:^|`|&& )make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE)
    assert shown
    assert set(shown) <= TARGETS


def test_hooks_before_a_commit_run_what_is_installed() -> None:
    """Each hook is one of make's targets: nothing is fetched, and nothing is configured twice."""
    [repository] = YAML(typ="safe").load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    assert {hook["language"] for hook in repository["hooks"]} == {"system"}
    assert {hook["entry"] for hook in repository["hooks"]} == {f"make {name}" for name in LINTS}


def test_pipenv_installs_the_project_with_its_extras_and_names_no_index() -> None:
    pipfile = tomllib.loads((ROOT / "Pipfile").read_text())
    assert set(pipfile) == {"packages", "dev-packages"}
    for kind, extras in (
        ("packages", {"pictures", "terraform"}),
        ("dev-packages", set(PROJECT["project"]["optional-dependencies"])),
    ):
        own = pipfile[kind]["hacienda"]
        assert set(pipfile[kind]) == {"hacienda"}
        assert (own["path"], own["editable"], set(own["extras"])) == (".", True, extras)
    assert "Pipfile.lock" in (ROOT / ".gitignore").read_text().split(), "a lock of pipenv's names an index"


def test_makefile_and_project_agree_on_the_oldest_python() -> None:
    assert PROJECT["project"]["requires-python"] == f">={PYTHONS[0]}"
    assert f"\nOLDEST := {PYTHONS[0]}\n" in MAKEFILE
