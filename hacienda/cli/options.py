"""Options that several commands share: what to replace, and which losses to accept."""

from __future__ import annotations

from typing import Annotated

import typer

Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="SERVICE", help="Accept that the last copy of a service goes. Can be repeated."),
]
Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="NODE", help="Make a node's machine anew. Can be repeated."),
]
Outdated = Annotated[
    bool,
    typer.Option(
        "--outdated", help="Make anew every machine that was made of another image or first boot than declared."
    ),
]
