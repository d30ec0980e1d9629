"""A project of its own for each test, and the command as an operator runs it."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from hacienda.cli import console, main
from hacienda.review.diff import base
from tests import warm

HERE = Path(__file__).parent
PLANS = HERE.parent / "review/plan/plans"
NODES = ("ctl-1", "ctl-2", "ctl-3")

ENVIRONMENT = """\
name: small
platform: {type: existing, known_hosts: known_hosts}
networks:
  management: {cidr: 192.0.2.0/24, vip: 192.0.2.10}
machines:
  controller: 3
"""

CHANGED = ENVIRONMENT + "  compute: 1\nservices:\n  haproxy: {timeout: 77}\n  galera: {max_connections: 777}\n"
"""The same with another machine and two other settings."""


@dataclass(frozen=True)
class Ran:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str

    def expect(self, code: int | None) -> Ran:
        """Itself, if it ended with that code; never with a traceback."""
        assert "Traceback" not in self.stdout + self.stderr
        assert code in (None, self.code), self.stdout + self.stderr
        return self


@dataclass
class Project:
    """A project's folder with one environment, `small`, whose machines are folders.

    Args:
        root: the folder.
        extra: variables for the commands.
    """

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.root / "environments" / "small.yaml"

    def machine(self, name: str) -> Path:
        """The folder that is the node."""
        return self.root / "machines" / name

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a command's process: nothing of this machine's user matters."""
        kept = {name: os.environ[name] for name in warm.KEPT if name in os.environ}
        return {**kept, "HACIENDA_TRANSPORT": f"local:{self.root / 'machines'}", "COLUMNS": "100", **self.extra}

    def copy(self, root: Path) -> Project:
        """The same in another folder. Terraform finds the provider's program where it was: this one must stay."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root)

    def run(self, *arguments: str, code: int | None = 0, cwd: Path | None = None) -> Ran:
        """Run `hacienda ARGUMENTS` in this process; whatever happens, there is no traceback."""
        out, err = io.StringIO(), io.StringIO()
        width = int(self.environment["COLUMNS"])  # a console that was made earlier goes by what was set then
        with (
            mock.patch.object(console.out, "_width", width),
            mock.patch.object(console.err, "_width", width),
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(
                base, "sys", SimpleNamespace(executable=os.environ.get("HACIENDA_PYTHON", sys.executable))
            ),
            mock.patch.object(sys, "argv", ["hacienda", *arguments]),
            mock.patch.object(sys, "stdin", io.StringIO()),
            contextlib.chdir(cwd or self.root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as leaving,
        ):
            main()
        ran = Ran(int(leaving.value.code or 0), out.getvalue(), err.getvalue())
        return ran.expect(code)

    def spawn(self, *arguments: str, code: int) -> Ran:
        """Run it as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "hacienda.cli", *arguments],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr).expect(code)

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """Run a command with --json; what it printed."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


def save_plan(project: Project, name: str, file: str) -> None:
    """One of the guard's corpus, as a plan of `small`."""
    text = re.sub(r'("environment":{"constant_value":)"[a-z]+"', r'\1"small"', (PLANS / f"{name}.json").read_text())
    (project.root / file).write_text(text)


def make_project(root: Path) -> Project:
    """A project with the environment `small` and its machines, on which nothing is installed."""
    (root / "environments").mkdir(parents=True)
    bin_folder = root / "machines" / "bin"
    bin_folder.mkdir(parents=True)
    for source in (HERE.parent / "provider" / "bin", HERE / "node"):
        for program in source.iterdir():
            link = bin_folder / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
    stand_in = bin_folder / "hacienda-apply"
    text = stand_in.read_text()
    stand_in.unlink()
    # The one on PATH may be a shell script that looks for a Python first.
    stand_in.write_text(f"#!{sys.executable} -IS\n{text.partition(chr(10))[2]}")
    stand_in.chmod(0o755)
    for name in NODES:
        (root / "machines" / name).mkdir()
    project = Project(root)
    project.file.write_text(ENVIRONMENT)
    (project.machine("ctl-2") / "holder").touch()
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """`small`, applied once for all processes of a run; tests work on copies."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = Project(folder / "applied/project")
    with (folder / "applied.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:
            shutil.rmtree(made.root, ignore_errors=True)
            make_project(made.root).run("apply", "small", "--yes")
            lock.write("done")
    return made


@pytest.fixture(scope="session")
def deployed_once(applied: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of it that tests must leave well."""
    return applied.copy(tmp_path_factory.mktemp("deployed") / "project")


@pytest.fixture
def deployed(deployed_once: Project) -> Project:
    return deployed_once
