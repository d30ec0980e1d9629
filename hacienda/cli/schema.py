"""`hacienda schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hacienda import assess, services
from hacienda.cli import console
from hacienda.environment.schema import schema as environment_schema
from hacienda.errors import ToolError


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write; default: standard output.")
    ] = None,
) -> None:
    """Print the JSON Schema of environment files, for editors that complete and check them.

    Put this first in an environment file:

    # yaml-language-server: $schema=../environment.schema.json
    """
    document = environment_schema(services.registry(), assess.rules())
    if out is None:
        console.show_json(document)
        return
    try:
        out.write_text(json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise ToolError(f"{out}: cannot be written: {error.strerror}") from None
    console.say(f"wrote {out}")
