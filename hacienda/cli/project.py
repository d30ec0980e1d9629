"""The project's folder, and the environments in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hacienda.cloud import Cloud
from hacienda.operate import Project
from hacienda.secrets import Store

MARKERS = ("environments", "cdktf.json")
"""A project's folder has at least one of these."""

Env = Annotated[
    str,
    typer.Argument(
        metavar="ENV",
        envvar="HACIENDA_ENV",
        show_envvar=True,
        help="A file's name in environments/ or examples/environments/ (`lab`), or a path.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def root() -> Path:
    """The project's folder: the nearest one upwards that has environments/ or cdktf.json, otherwise the working folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / marker).exists() for marker in MARKERS):
            return folder
    return here


def here(out: Path | None = None) -> Project:
    """The project that the working folder is in.

    Args:
        out: output folder. Default: `cdktf.out` in the project's folder.
    """
    return Project(root(), out)


def state_folder(name: str) -> Path:
    """Folder of an environment's own files: secrets, Terraform state. Git ignores it."""
    return here().state_folder(name)


def all_environments() -> list[Path]:
    """Every file in environments/, sorted."""
    return here().environments()


def path_of(env: str) -> Path:
    """The environment file that ENV names.

    Raises:
        InputError: there is none.
    """
    return here().path_of(env)


def read(env: str) -> Cloud:
    """The resolved cloud of an environment.

    Raises:
        InputError: everything wrong with the file.
    """
    return here().read(env)


def store_of(found: Cloud) -> Store:
    """The environment's store of secrets."""
    return here().store_of(found)
