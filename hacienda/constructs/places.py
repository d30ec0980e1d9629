"""Where the things of an environment lie, as Terraform and as the operator see it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hacienda import cdk


@dataclass(frozen=True)
class Places:
    """Folders of one environment. Terraform and the provider run in `<out>/stacks/<stack>`.

    Args:
        root: the project's folder, absolute; relative paths in an environment file are relative to it.
        out: the output folder, absolute: `cdktf.out`.
        environment: the environment's name.
    """

    root: Path
    out: Path
    environment: str

    @property
    def operator(self) -> Path:
        """The operator's own folder of the environment, git-ignored: secrets, state, the record of clusters."""
        return self.root / ".hacienda" / self.environment

    @property
    def nodes(self) -> Path:
        """Where the nodes' user-data and bundles are."""
        return self.out / "nodes" / self.environment

    def from_stack(self, path: Path | str) -> str:
        """A path of the project as a stack's folder sees it. Text that is absolute or starts with `~` stays as it is."""
        if isinstance(path, str) and path.startswith(("/", "~")):
            return path
        return os.path.relpath(self.root / path, self.out / "stacks" / "any")


def places_of(scope: cdk.Construct, environment: str | None = None, root: Path | None = None) -> Places:
    """Places for a construct in anybody's app: its output folder, and by default the stack's id and the working folder."""
    out = Path(cdk.App.of(scope).outdir).absolute()
    name = environment or cdk.stack_of(scope).node.id
    return Places((root or Path.cwd()).absolute(), out, name)
