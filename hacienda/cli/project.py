"""The project's folder, and the environments in it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from hacienda import assess, cloud, environment, services
from hacienda.secrets import Store, StoreSpec, open_store

MARKERS = ("environments", "cdktf.json")
"""What a project's folder has one of."""

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
    """The project's folder: the nearest one upwards that has environments/ or cdktf.json; else the working folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if any((folder / marker).exists() for marker in MARKERS):
            return folder
    return here


def state_folder(name: str) -> Path:
    """Where an environment's own files are kept: secrets, Terraform state. Git ignores it."""
    return root() / ".hacienda" / name


def output_folder() -> Path:
    """Where synthesis writes unless told otherwise: where the CDK's own command line looks."""
    return root() / "cdktf.out"


def all_environments() -> list[Path]:
    """Every file in environments/, sorted."""
    return sorted((root() / "environments").glob("*.yaml"))


def from_root(path: str) -> str:
    """A path of an environment file as this process understands it. `~` is left to whoever opens it."""
    return path if path.startswith("~") else str(root() / path)


def path_of(env: str) -> Path:
    """The environment file that ENV means.

    Raises:
        InputError: there is none.
    """
    return environment.find(env, root())


def read(env: str) -> cloud.Cloud:
    """The resolved cloud of an environment.

    Raises:
        InputError: everything wrong with the file.
    """
    return cloud.read(path_of(env), services.registry(), rules=assess.rules())


def read_all(paths: Iterable[Path]) -> tuple[cloud.Cloud, ...]:
    """The resolved clouds of several files.

    Raises:
        InputError: everything wrong with any of them.
    """
    return cloud.read_all(paths, services.registry(), rules=assess.rules())


def store_of(found: cloud.Cloud) -> Store:
    """The environment's secrets."""
    kept = found.secrets
    return open_store(StoreSpec.of(root(), found.name, kept.backend, kept.path, kept.recipients))
