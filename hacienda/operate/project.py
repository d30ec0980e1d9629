"""A project's folder: its environments, and the folders of their own files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hacienda import assess, cloud, cloudinit, environment, services
from hacienda.secrets import Store, open_store


@dataclass(frozen=True)
class Project:
    """A project.

    Args:
        root: the project's folder, to which paths in environment files are relative. If relative, then to the working folder.
        out: output folder of synthesis. Default: `cdktf.out` in the root, which the CDK's own command line uses.
    """

    root: Path
    out: Path | None = None

    def __post_init__(self) -> None:
        # Terraform runs in the stacks' folders, where relative paths mean something else.
        object.__setattr__(self, "root", self.root.absolute())
        object.__setattr__(self, "out", self.out and self.out.absolute())

    @property
    def output_folder(self) -> Path:
        """The output folder of synthesis."""
        return self.out or self.root / "cdktf.out"

    def state_folder(self, name: str) -> Path:
        """Folder of an environment's own files: secrets, Terraform state. Git ignores it."""
        return self.root / ".hacienda" / name

    def environments(self) -> list[Path]:
        """Every file in environments/, sorted."""
        return sorted((self.root / "environments").glob("*.yaml"))

    def path_of(self, env: str) -> Path:
        """The environment file of a name or a path.

        Raises:
            InputError: there is none.
        """
        return environment.find(env, self.root)

    def from_root(self, path: str) -> str:
        """A path of an environment file, made absolute. A path that begins with `~` is left to the program that opens it."""
        return path if path.startswith("~") else str(self.root / path)

    def read(self, env: str) -> cloud.Cloud:
        """The resolved cloud of an environment, by its name or its path.

        Raises:
            InputError: everything wrong with the file.
        """
        return cloud.read(self.path_of(env), services.registry(), rules=assess.rules())

    def read_all(self, paths: Iterable[Path]) -> tuple[cloud.Cloud, ...]:
        """The resolved clouds of several files.

        Raises:
            InputError: everything wrong with any of them.
        """
        return cloud.read_all(paths, services.registry(), rules=assess.rules())

    def store_of(self, found: cloud.Cloud) -> Store:
        """An environment's store of secrets.

        Raises:
            InputError: the store cannot be used.
        """
        return open_store(cloudinit.store_spec(found, self.root))
