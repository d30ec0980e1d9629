"""Set-up and a first use with every Python that the project is tried on and this machine has."""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.fresh import contained

ROOT = Path(__file__).parents[2]


def versions() -> tuple[str, ...]:
    """The Pythons that pyproject.toml names: `3.11`, ..."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    return tuple(
        name.rpartition(" ")[2] for name in classifiers if name.startswith("Programming Language :: Python :: ")
    )


def find(version: str) -> str | None:
    """A program that runs this version of Python; None: this machine has none."""
    return next(filter(_runs, _candidates(version)), None)


def _candidates(version: str) -> Iterator[str]:
    yield f"python{version}"
    folder = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    yield from map(str, sorted(folder.glob(f"{version}.*/bin/python{version}")))


def _runs(program: str) -> bool:
    """Whether it does: pyenv's stand-ins are there for versions that are switched off, too."""
    try:
        return (
            subprocess.run([program, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode == 0
        )
    except FileNotFoundError:
        return False


TESTS = (
    ".venv/bin/python",
    "-m",
    "pytest",
    "-q",
    "-n0",
    "tests/test_setup.py",
    "tests/test_main.py",
    "tests/test_cdk.py",
)


def smoke(program: str, folder: Path, seconds: int) -> int:
    """`make demo` and a few tests in a fresh clone in a folder; the exit code of the first that fails."""
    return run(folder, [make("demo", program), TESTS], seconds)


def make(target: str, program: str) -> tuple[str, ...]:
    """Make one of the Makefile's targets with a Python."""
    return ("make", target, f"PYTHON={program}")


def run(folder: Path, commands: Iterable[Sequence[str]], seconds: int) -> int:
    """Run commands in a fresh clone in a folder; the exit code of the first that fails."""
    clone = folder / "hacienda"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(clone)], check=True)
    # Neither the interpreter that runs this lane nor the options of the make above it are what is tried.
    ours = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    for argv in commands:
        code = contained.run(argv, seconds=seconds, environment=environment, cwd=clone)
        if code != 0:
            return code
    return 0
