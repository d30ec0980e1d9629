"""`hacienda synth`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hacienda.cli import console, project
from hacienda.errors import InputError

if TYPE_CHECKING:
    from hacienda.stacks import Synthesis

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FOLDER", help="Output folder; default: cdktf.out in the project's folder."),
]
WithSecrets = Annotated[
    bool,
    typer.Option(
        "--secrets/--no-secrets",
        help="Create missing secrets and record their digests. `--no-secrets` leaves the stores unopened, as in a pull request: "
        "digests and user-data stay as Terraform has them.",
    ),
]


def synth(
    envs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ENV]...", envvar="HACIENDA_ENV", help="Environments; default: all of environments/."),
    ] = None,
    out: Out = None,
    with_secrets: WithSecrets = True,
    as_json: project.AsJson = False,
) -> None:
    """Write Terraform for every stack, and user-data and a bundle for every node: all of it or nothing."""
    paths = [project.path_of(env) for env in envs] if envs else project.all_environments()
    if not paths:
        raise InputError(
            f"There is no environment file in {project.root() / 'environments'}", "Try: hacienda init NAME"
        )
    here = project.here(out)
    clouds = here.read_all(paths)
    from hacienda import stacks  # imports the CDK, which takes half a second

    with console.working(f"synthesizing {', '.join(path.stem for path in paths)}"):
        made = stacks.synthesize(clouds, here.output_folder, root=here.root, with_secrets=with_secrets)
    if as_json:
        listed = [
            {
                "name": stack.name,
                "environment": stack.environment,
                "folder": str(made.folder(stack)),
                "needs": stack.needs,
            }
            for stack in made.stacks
        ]
        console.show_json({"out": str(made.out), "stacks": listed, "nodes": made.nodes})
        return
    for line in written(made):
        console.show(line)


def written(made: Synthesis) -> list[str]:
    """Lines for people about the files that a synthesis wrote."""
    lines = [f"wrote {made.out}"]
    for environment, nodes in made.nodes.items():
        rendered = sum(1 for path in (made.out / "rendered" / environment).rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in (made.out / "nodes" / environment).rglob("bundle.tar.gz"))
        lines.append(f"  {environment}: {len(nodes)} machines")
        lines += [f"    stacks/{stack.name}/cdk.tf.json" for stack in made.of(environment)]
        lines.append(
            f"    nodes/{environment}/NODE/user-data, network-config, bundle.tar.gz ({size / 1024:.0f} KiB in all)"
        )
        lines.append(f"    rendered/{environment}/NODE/: every rendered file for reading, {rendered} in all")
    return lines
