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
"""Seconds after which people wonder: what takes longer says so, and how long it took."""


class Terminal(Console):
    """The one way to a terminal: whatever is printed, in a table or a live display as well, holds nothing that a terminal would
    obey but the colours that this process chose. Text is never markup, and nothing is a link.

    Rich drops `\\r` and its like from a Text without a word: lines that are quoted are made `printing.printable` before."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(soft_wrap=True, highlight=False, markup=False, emoji=False, **settings)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """What Rich makes of a renderable, piece by piece."""
        return map(_inert, super().render(renderable, options))


def _inert(piece: Segment) -> Segment:
    if piece.control:
        return piece  # Rich's own: it moves the cursor of a live display
    style = piece.style.update_link(None) if piece.style and piece.style.link else piece.style
    return Segment(printing.lines(piece.text), style)


out = Terminal()
err = Terminal(stderr=True)


def begin() -> None:
    """Make standard output and standard error take whatever is printed: a terminal whose encoding lacks a character shows `?`
    instead, and where one of the two is closed, what goes there is lost."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 (as long as the process)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """A line for people, on standard error."""
    err.print(text)


def show(text: str) -> None:
    """A line of the result."""
    out.print(text)


def show_json(value: Any) -> None:
    """The result for programs: one JSON document on standard output, in UTF-8 whatever the terminal's encoding is, without colours
    or wrapping."""
    show_bytes(printing.as_json(value).encode())


def show_bytes(content: bytes) -> None:
    """The result as it is: a picture, or a document in which nothing of others is more than text."""
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content.decode())


def show_terraform(text: str) -> None:
    """What Terraform printed, with the colours that it chose."""
    out.print(Text.from_ansi(text))


def agreed(question: str) -> bool:
    """Ask on standard error, and wait for the answer."""
    return typer.confirm(printing.printable(question), err=True)


def confirm(question: str, yes: bool) -> bool:
    """Ask, unless the answer was given; the answer.

    Raises:
        InputError: nobody is there to answer.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to say yes.", "Add --yes.")
    return agreed(question)


def fail(error: HaciendaError) -> None:
    """An error, whole."""
    say(str(error))
    if isinstance(error, InputError):
        for sentence in error.unseen:
            say(sentence)
        if len(error.problems) > 1:
            say(f"{len(error.problems)} problems.")


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is going on, and afterwards how long it took if that was long."""
    began = time.monotonic()
    if err.is_terminal:
        with err.status(Text(what)):
            yield
    else:
        yield
    took = time.monotonic() - began
    if took > SLOW:
        say(f"{what}: {took:.1f} s")
