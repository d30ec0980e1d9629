"""From environment files to an output folder: all of it or nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import cdk, services
from hacienda.cloud import Cloud, read
from hacienda.constructs import Content, Places, prepare, publish
from hacienda.constructs.files import write_launcher, write_nodes
from hacienda.constructs.parts import NEEDS
from hacienda.errors import InputError, Problem, ToolError
from hacienda.stacks.environment import Stack, environment_stacks


@dataclass(frozen=True)
class Synthesis:
    """What was written.

    Args:
        out: the output folder.
        stacks: all stacks, environment by environment, each in the order in which it is applied.
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
"""What is in an error of Node that is the disk's: the CDK writes the stacks in there, and jsii makes a RuntimeError of each."""


def synthesize(
    paths: Sequence[Path], out: Path, *, root: Path, rules: Collection[str], with_secrets: bool = True
) -> Synthesis:
    """Synthesize environments: Terraform for each stack, user-data and a bundle for each node. Nothing is written before all
    files have been read and every node is rendered; then the output is replaced part by part, each at once. The bytes depend on
    the environments and the secrets' names alone. Environments that are not named keep what they have in `out`.

    Args:
        paths: environment files.
        out: the output folder, made if need be.
        root: the project's folder: `.hacienda/<environment>/` is in there, and relative paths of the files are relative to it.
        rules: names of the rules that the files' `accept` may name (`hacienda.assess.rules()`).
        with_secrets: mint secrets that are missing and tell Terraform their digests; False, as in a pull request: the digests that
            Terraform knows are left as they are.

    Raises:
        InputError: everything wrong with any of the files.
        ToolError: the output, or a store, cannot be written.
    """
    out, root = out.absolute(), root.absolute()
    clouds = _clouds(paths, rules)
    contents = [prepare(cloud, Places(root, out, cloud.name), with_secrets=with_secrets) for cloud in clouds]
    with publish.workshop(out) as folder:
        try:
            stacks = _write(contents, folder)
            _publish(contents, stacks, folder, out)
        except (OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not _OF_THE_DISK.search(str(error)):
                raise
            raise ToolError(f"{out}: cannot be written: {error}", "Choose another folder with --out.") from error
    nodes = {cloud.name: tuple(node.name for node in cloud.nodes) for cloud in clouds}
    return Synthesis(out, stacks, nodes)


def _clouds(paths: Iterable[Path], rules: Collection[str]) -> list[Cloud]:
    """All environments, or everything wrong with any of them."""
    registry = services.registry()
    clouds: dict[str, Cloud] = {}
    problems: list[Problem] = []
    unseen: list[str] = []
    for path in paths:
        try:
            cloud = read(path, registry, rules=rules)
        except InputError as error:
            problems += error.problems
            unseen += error.unseen
            continue
        if cloud.name in clouds:
            problems.append(
                Problem("name", "is the name of another environment", "Rename one.", str(path), value=cloud.name)
            )
        clouds[cloud.name] = cloud
    if problems:
        raise InputError(problems, unseen=unseen)
    return list(clouds.values())


def _write(contents: Iterable[Content], folder: Path) -> tuple[Stack, ...]:
    app = cdk.App(outdir=str(folder), stack_traces=False)
    stacks = tuple(stack for content in contents for stack in environment_stacks(app, content))
    app.synth()
    for stack in stacks:
        write_launcher(stack.name, folder)
    for content in contents:
        write_nodes(content, folder)
    return stacks


def _publish(contents: Iterable[Content], stacks: Iterable[Stack], folder: Path, out: Path) -> None:
    for content in contents:
        for kind in ("nodes", "rendered"):
            publish.swap(folder / kind / content.cloud.name, out / kind / content.cloud.name)
    publish.overlay(folder / "stacks", out / "stacks")
    publish.replace(folder / "manifest.json", out / "manifest.json")
    publish.remove(_left(contents, stacks, out))


def _left(contents: Iterable[Content], stacks: Iterable[Stack], out: Path) -> list[Path]:
    """Folders of stacks that one of these environments no longer has."""
    kept = {stack.name for stack in stacks}
    possible = {f"{content.cloud.name}-{part}" for content in contents for part in NEEDS}
    return [out / "stacks" / name for name in sorted(possible - kept)]
