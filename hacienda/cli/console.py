"""What commands print: results on standard output, everything else (progress, errors) on standard error."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from hacienda import printing
from hacienda.errors import HaciendaError, InputError

SLOW = 2.0
"""Seconds after which the duration of a step is printed."""


class Terminal(Console):
    """The only way to a terminal. Everything printed, tables and live displays included, has no control characters except for
    the colours that this process chose. Text is never markup, and there are no links.

    Rich silently drops `\\r` and similar characters from a Text, so callers pass quoted lines through `printing.printable`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(soft_wrap=True, highlight=False, markup=False, emoji=False, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Rich's segments of a renderable, made inert."""
        return map(_inert, super().render(renderable, options))


def _inert(piece: Segment) -> Segment:
    if piece.control:
        return piece  # Rich's own: it moves the cursor of a live display
    style = piece.style.update_link(None) if piece.style and piece.style.link else piece.style
    return Segment(printing.lines(piece.text), style)


out = Terminal()
err = Terminal(stderr=True)


def begin() -> None:
    """Make standard output and standard error accept any text. A character that the terminal's encoding lacks is shown as `?`, and
    output to a closed stream is lost."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (as long as the process)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Print a line for people on standard error."""
    err.print(text)


def show(text: str) -> None:
    """Print a line of the result."""
    out.print(text)


def show_json(value: Any) -> None:
    """Print the result for programs: one JSON document on standard output, always in UTF-8, without colours or wrapping."""
    show_bytes(printing.as_json(value).encode())


def show_bytes(content: bytes) -> None:
    """Print the result unchanged: a picture, or a document in which foreign text is already escaped."""
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content.decode())


def show_terraform(text: str) -> None:
    """Print Terraform's output with its own colours."""
    out.print(Text.from_ansi(text))


def agreed(question: str) -> bool:
    """Ask on standard error, and wait for the answer."""
    return typer.confirm(printing.printable(question), err=True)


def confirm(question: str, yes: bool) -> bool:
    """Ask, unless the answer was given; returns the answer.

    Raises:
        InputError: standard input is no terminal, so nobody can answer.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("Standard input is no terminal, so nobody can confirm.", "Add --yes.")
    return agreed(question)


def fail(error: HaciendaError) -> None:
    """Print an error with all its problems."""
    say(str(error))
    if isinstance(error, InputError):
        for sentence in error.unseen:
            say(sentence)
        if len(error.problems) > 1:
            say(f"{len(error.problems)} problems.")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is in progress, and print its duration if that exceeds SLOW."""
    began = time.monotonic()
    if err.is_terminal:
        with err.status(Text(what)):
            yield
    else:
        yield
    took = time.monotonic() - began
    if took > SLOW:
        say(f"{what}: {took:.1f} s")
