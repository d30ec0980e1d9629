"""A project of its own for each test, and the command as an operator runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
NODES = ("ctl-1", "ctl-2", "ctl-3")

ENVIRONMENT = """\
name: small
platform: {type: existing, known_hosts: known_hosts}
networks:
  management: {cidr: 192.0.2.0/24, vip: 192.0.2.10}
machines:
  controller: 3
"""


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

    def run(self, *arguments: str, code: int | None = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run `hacienda ARGUMENTS`; whatever happens, there is no traceback."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        transport = {"HACIENDA_TRANSPORT": f"local:{self.root / 'machines'}"}
        done = subprocess.run(
            [sys.executable, "-m", "hacienda.cli", *arguments],
            cwd=cwd or self.root,
            env={**kept, **transport, "COLUMNS": "100", **self.extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *arguments: str, code: int | None = 0) -> Any:
        """Run a command with --json; what it printed."""
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


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
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """`small`, applied; tests must leave it well."""
    made = make_project(tmp_path_factory.mktemp("deployed") / "project")
    made.run("apply", "small", "--yes")
    return made


@pytest.fixture
def deployed(deployed_once: Project) -> Project:
    return deployed_once


@pytest.fixture
def in_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    monkeypatch.chdir(project.root)
    return lambda: project.root
