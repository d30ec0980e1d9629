"""Folders of an environment, as Terraform and as the operator see them."""

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
        """The operator's folder of the environment, which git ignores: secrets, state, the record of clusters."""
        return self.root / ".hacienda" / self.environment

    @property
    def nodes(self) -> Path:
        """Folder of the nodes' user-data and bundles."""
        return self.out / "nodes" / self.environment

    def from_stack(self, path: Path | str) -> str:
        """A path of the project, relative to a stack's folder. A text that is absolute or starts with `~` is returned unchanged."""
        if isinstance(path, str) and path.startswith(("/", "~")):
            return path
        return os.path.relpath(self.root / path, self.out / "stacks" / "any")


def places_of(scope: cdk.Construct, environment: str | None = None, root: Path | None = None) -> Places:
    """Places for a construct in any CDK app: the app's output folder, and by default the stack's id and the working folder."""
    out = Path(cdk.App.of(scope).outdir).absolute()
    name = environment or cdk.stack_of(scope).node.id
    return Places((root or Path.cwd()).absolute(), out, name)
