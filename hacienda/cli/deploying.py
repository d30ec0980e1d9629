"""What plan, apply, destroy and lab have in common: synthesize, plan every stack, ask, apply in order."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from hacienda import terraform
from hacienda.cli import console, project
from hacienda.cli.progress import Progress, live
from hacienda.cloud import Cloud
from hacienda.errors import InputError
from hacienda.operate.deploy import Deployment, StackPlan
from hacienda.review.plan import reader


def deployment(cloud: Cloud, out: Path | None, *, with_secrets: bool = True) -> Deployment:
    """Synthesize an environment and make it ready for Terraform.

    Raises:
        InputError: a store cannot be used.
        ToolError: there is no Terraform, or something cannot be written.
    """
    program = terraform.find()
    from hacienda import stacks  # brings the CDK along, which takes half a second

    with console.working(f"synthesizing {cloud.name}"):
        made = stacks.synthesize(
            [cloud], out or project.output_folder(), root=project.root(), with_secrets=with_secrets
        )
    return Deployment(made, cloud.name, program, project.state_folder(cloud.name) / "plans")


@contextlib.contextmanager
def planned(
    deployed: Deployment, *, destroy: bool = False, replace: Mapping[str, Sequence[str]] | None = None
) -> Iterator[list[StackPlan]]:
    """Plan every stack, in the order in which they are applied (destroyed). The saved plans are gone afterwards.

    Args:
        deployed: the environment.
        destroy: plan to destroy everything.
        replace: stack -> addresses of what is to be made anew. Default: nothing.
    """
    ordered = list(reversed(deployed.stacks)) if destroy else list(deployed.stacks)
    plans: list[StackPlan] = []
    try:
        for stack in ordered:
            with console.working(f"planning {stack.name}"):
                anew = (replace or {}).get(stack.name, ())
                plans.append(deployed.plan(stack, destroy=destroy, colour=console.out.is_terminal, replace=anew))
        yield plans
    finally:
        for plan in plans:
            plan.file.unlink(missing_ok=True)


def changes_of(plans: Sequence[StackPlan]) -> list[reader.PlannedAction]:
    """All changes, stack by stack."""
    return [change for plan in plans for change in plan.content.changes]


def confirm(question: str, yes: bool) -> None:
    """Ask, unless the answer was given.

    Raises:
        InputError: the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to say yes.", "Add --yes.")
    if not console.agreed(question):
        raise InputError("Nothing was touched.")


def apply_all(deployed: Deployment, plans: Sequence[StackPlan], *, destroy: bool = False) -> float:
    """Apply saved plans one after the other; the wall time in seconds."""
    began = time.monotonic()
    for plan in plans:
        if plan.changed:
            apply_one(deployed, plan, destroy=destroy)
        else:
            console.say(f"{plan.stack.name}: no changes")
    return time.monotonic() - began


def apply_one(deployed: Deployment, plan: StackPlan, *, destroy: bool = False) -> None:
    """Apply a saved plan, showing what every node is doing."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hacienda-") as folder:
        file = Path(folder) / "progress"
        progress = Progress(file)
        console.say(f"{plan.stack.name}:")
        with live(progress):
            deployed.apply(plan, progress.terraform, progress=file, destroy=destroy)
    console.say(f"{plan.stack.name}: {time.monotonic() - started:.1f} s")
