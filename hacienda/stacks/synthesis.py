"""Synthesis: from resolved environments to an output folder, complete or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import cdk
from hacienda.cloud import Cloud
from hacienda.constructs import EnvironmentOutput, Places, publish, render
from hacienda.constructs.files import publish_nodes, write_launcher, write_nodes
from hacienda.constructs.parts import NEEDS
from hacienda.errors import ToolError
from hacienda.stacks.environment import Stack, environment_stacks


@dataclass(frozen=True)
class Synthesis:
    """What was written.

    Args:
        out: the output folder.
        stacks: all stacks by environment, in the order in which they are applied.
        nodes: environment -> names of its nodes.
    """

    out: Path
    stacks: tuple[Stack, ...]
    nodes: dict[str, tuple[str, ...]]

    def of(self, environment: str) -> tuple[Stack, ...]:
        """The stacks of one environment, in the order in which they are applied."""
        return tuple(stack for stack in self.stacks if stack.environment == environment)

    def folder(self, stack: Stack) -> Path:
        """The folder in which Terraform runs for a stack."""
        return self.out / "stacks" / stack.name


_OF_THE_DISK = re.compile(r"\bE(NOSPC|DQUOT|ROFS|ACCES|IO|FBIG): ")
"""Matches an error of the disk from Node.js. The CDK writes the stacks there, and jsii turns such an error into a RuntimeError."""


def synthesize(clouds: Sequence[Cloud], out: Path, *, root: Path, with_secrets: bool = True) -> Synthesis:
    """Synthesizes environments: Terraform for each stack, and user-data and a bundle for each node.

    Nothing is written before every node is rendered. All output is written to one staging directory first. Then each part of the
    output is replaced in one step. The bytes depend only on the environments and the secrets' names. Other environments keep what
    they have in `out`.

    Args:
        clouds: the environments, with different names (`hacienda.cloud.read_all`).
        out: the output folder, created if it does not exist.
        root: the project's folder. It contains `.hacienda/<environment>/`, and relative paths in the files are relative to it.
        with_secrets: create missing secrets and write their digests. False, as for a pull request: Terraform keeps the digests
            that it has.

    Raises:
        InputError: the user-data of a node is too large, or a store cannot be used.
        ToolError: the output or a store cannot be written.
    """
    out, root = out.absolute(), root.absolute()
    outputs = [render(cloud, Places(root, out, cloud.name)) for cloud in clouds]
    if with_secrets:
        for output in outputs:
            output.mint()
    with publish.staging(out) as folder:
        try:
            stacks = _write(outputs, folder)
            _publish(outputs, stacks, folder, out)
        except (OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not _OF_THE_DISK.search(str(error)):
                raise
            raise ToolError(f"{out}: cannot be written: {error}", "Choose another folder with --out.") from error
    nodes = {cloud.name: tuple(node.name for node in cloud.nodes) for cloud in clouds}
    return Synthesis(out, stacks, nodes)


def _write(outputs: Iterable[EnvironmentOutput], folder: Path) -> tuple[Stack, ...]:
    app = cdk.App(outdir=str(folder), stack_traces=False)
    stacks = tuple(stack for output in outputs for stack in environment_stacks(app, output))
    app.synth()
    for stack in stacks:
        write_launcher(stack.name, folder)
    for output in outputs:
        write_nodes(output, folder)
    return stacks


def _publish(outputs: Iterable[EnvironmentOutput], stacks: Iterable[Stack], folder: Path, out: Path) -> None:
    for output in outputs:
        publish_nodes(output, folder, out)
    publish.overlay(folder / "stacks", out / "stacks")
    publish.replace(folder / "manifest.json", out / "manifest.json")
    publish.remove(_left(outputs, stacks, out))


def _left(outputs: Iterable[EnvironmentOutput], stacks: Iterable[Stack], out: Path) -> list[Path]:
    """Folders of stacks that one of these environments no longer has."""
    kept = {stack.name for stack in stacks}
    possible = {f"{output.cloud.name}-{part}" for output in outputs for part in NEEDS}
    return [out / "stacks" / name for name in sorted(possible - kept)]
