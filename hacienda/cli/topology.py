"""`hacienda topology`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hacienda import assess
from hacienda.cli import assessing, console, project
from hacienda.errors import InputError, ToolError
from hacienda.review import topology as pictures

WIDTH = 112
"""Width of a picture in a file, in columns."""


class Format(StrEnum):
    """Formats of a picture."""

    TXT = "txt"
    SVG = "svg"
    PNG = "png"
    MERMAID = "mermaid"


Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="File for the result; default: standard output.")
]

_BYTES: Mapping[Format, Callable[[pictures.Picture], bytes]] = {
    Format.SVG: lambda picture: pictures.svg(picture).encode(),
    Format.PNG: pictures.png,
    Format.MERMAID: lambda picture: pictures.mermaid(picture).encode(),
    Format.TXT: lambda picture: _text(picture).encode(),
}


def topology(
    env: project.Env,
    form: Annotated[Format, typer.Option("--format", metavar="FORMAT", help="txt, svg, png or mermaid.")] = Format.TXT,
    out: Out = None,
) -> None:
    """Draw an environment: networks and virtual IPs, failure domains and their machines, voter groups.

    A single point of failure is red and has the name of the rule of `hacienda check` that reports it. Equal machines
    are one box. The same version draws the same bytes everywhere. SVG and PNG need the extra `pictures`.
    """
    cloud = project.read(env)
    picture = pictures.picture(cloud, assess.findings(assessing.subject(cloud, project.path_of(env))))
    if form is Format.TXT and out is None:
        console.out.print(pictures.draw(picture), soft_wrap=False)
        return
    if form is Format.PNG and out is None and sys.stdout.isatty():
        raise InputError("A terminal cannot show a PNG file.", "Add --out FILE.")
    with console.working(f"drawing {cloud.name}"):
        content = _BYTES[form](picture)
    write(content, out)


def write(content: bytes, out: Path | None) -> None:
    """Write a result to standard output, or to a file, completely or not at all. A special file like /dev/stdout is written to
    directly.

    Raises:
        ToolError: it cannot be written.
    """
    if out is None:
        console.show_bytes(content)
        return
    fresh = out.with_name(f".{out.name}.{os.getpid()}")
    plain = not out.is_symlink() and (out.is_file() or not out.exists())
    try:
        if plain:
            fresh.write_bytes(content)
            fresh.replace(out)
        else:
            out.write_bytes(content)
    except OSError as error:
        raise ToolError(f"{out} cannot be written: {error.strerror}") from None
    finally:
        if plain:
            fresh.unlink(missing_ok=True)


def _text(picture: pictures.Picture) -> str:
    plain = console.Terminal(width=WIDTH, force_terminal=False, color_system=None)
    with plain.capture() as captured:
        plain.print(pictures.draw(picture), soft_wrap=False)
    return captured.get()
