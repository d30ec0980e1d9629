"""The files besides those of the CDK: the nodes' user-data and bundles, and the launcher by which a stack finds the provider."""

from __future__ import annotations

import sys
from pathlib import Path

from hacienda import cloudinit
from hacienda.constructs import publish
from hacienda.constructs.output import EnvironmentOutput
from hacienda.declare import launcher
from hacienda.errors import ToolError

_KINDS = ("nodes", "rendered")


def write_nodes(output: EnvironmentOutput, folder: Path) -> None:
    """Writes `nodes/<environment>/<node>/{user-data,network-config,bundle.tar.gz}` and `rendered/<environment>/<node>/...`.

    Args:
        output: the environment.
        folder: folder that contains neither of the two yet.

    Raises:
        OSError: the folder cannot be written.
    """
    nodes, rendered = (folder / kind / output.cloud.name for kind in _KINDS)
    cloudinit.write(output.nodes.values(), nodes, rendered)


def publish_nodes(output: EnvironmentOutput, staged: Path, out: Path) -> None:
    """Moves what `write_nodes` wrote from the staging directory into the output folder, each of the two folders as a whole."""
    for kind in _KINDS:
        publish.replace_folder(staged / kind / output.cloud.name, out / kind / output.cloud.name)


def write_launcher(stack: str, out: Path) -> None:
    """Writes the provider's launcher and lock file into a stack's folder, so that `terraform init` asks no registry for it."""
    folder = out / "stacks" / stack
    for name, file in launcher.files(sys.executable, launcher.running_platform()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
        path.chmod(file.mode)


def synthesize(output: EnvironmentOutput, stack: str, *, with_secrets: bool) -> None:
    """Creates missing secrets and writes the files besides those of the CDK, for an environment in one stack of any app.

    Args:
        output: the environment.
        stack: the stack's name.
        with_secrets: False: do not use the store.

    Raises:
        InputError: the store cannot be used.
        ToolError: the store or the output folder cannot be written.
    """
    out = output.places.out
    if with_secrets:
        output.mint()
    try:
        with publish.staging(out / output.cloud.name) as staged:
            write_nodes(output, staged)
            publish_nodes(output, staged, out)
        write_launcher(stack, out)
    except OSError as error:
        raise ToolError(f"{out}: cannot be written: {error.strerror}") from error
