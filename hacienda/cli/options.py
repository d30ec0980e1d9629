"""Options that several commands share: what to replace, and which losses to accept."""

from __future__ import annotations

from typing import Annotated

import typer

Accept = Annotated[
    list[str] | None,
    typer.Option(
        "--accept", metavar="SERVICE", help="Accept that the last copy of a service is deleted. Can be repeated."
    ),
]
Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", metavar="NODE", help="Replace a node's machine. Can be repeated."),
]
Outdated = Annotated[
    bool,
    typer.Option("--outdated", help="Replace every machine whose image or first boot differs from the declared one."),
]
