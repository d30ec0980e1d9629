"""`hacienda guard`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hacienda import terraform
from hacienda.cli import console, options, project
from hacienda.errors import InputError, RefusedError
from hacienda.operate.deploy import allowed, json_line
from hacienda.review.plan import guard as review
from hacienda.review.plan import reader

_ZIP = b"PK\x03\x04"
"""First bytes of a saved plan, which is a zip archive."""


def guard(
    plan: Annotated[
        list[str],
        typer.Argument(
            metavar="PLAN...", help="Output of `terraform show -json`, or a saved plan; `-`: standard input."
        ),
    ],
    accept: options.Accept = None,
    as_json: project.AsJson = False,
) -> None:
    """Refuse a Terraform plan that would take, at once, a majority of a voter group or the last copy of a service.

    It reads plans of any project that uses Hacienda's provider, asks no host, and names the safe order. Several plans
    are judged together. Exit code 4: it refuses. Before `cdktf deploy`: `terraform show -json PLAN | hacienda guard -`.
    """
    texts = {one: text_of(one) for one in dict.fromkeys(plan)}
    plans = [reader.read(text, one if one != "-" else "standard input") for one, text in texts.items()]
    verdict = review.judge(plans, accept=accept or (), allowed=allowed())
    if as_json:
        console.show_json(review.document(verdict))
    else:
        for line in review.describe(verdict):
            console.show(line)
    if verdict.refused:
        raise typer.Exit(RefusedError.exit_code)


def text_of(name: str) -> bytes:
    """The JSON of a plan, from a file, a saved plan or standard input.

    Raises:
        InputError: it cannot be read.
        ToolError: Terraform could not show a saved plan.
    """
    if name == "-":
        return sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()
    path = Path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {error.strerror}", "Name a file, or - for standard input.") from None
    return _shown(path) if content.startswith(_ZIP) else content


def _shown(path: Path) -> bytes:
    """Show a saved plan with Terraform, in the folder where it was initialised, because it needs the providers' schemas."""
    folder = path.parent if (path.parent / ".terraform").is_dir() else Path.cwd()
    output = terraform.find().run(["show", "-json", str(path.absolute())], folder).output
    return json_line(output).encode()
