"""What commands print: results on standard output, everything else (progress, errors) on standard error."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from hacienda.errors import HaciendaError, InputError

SLOW = 2.0
"""Seconds after which people wonder: what takes longer says so, and how long it took."""

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


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
    err.print(text, markup=False)


def show(text: str) -> None:
    """A line of the result."""
    out.print(text, markup=False)


def show_json(value: Any) -> None:
    """The result for programs: one JSON document on standard output, in UTF-8 whatever the terminal's encoding is, without colours
    or wrapping."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    show_bytes(text.encode("utf-8", "backslashreplace"))  # bytes of a path that are no text become JSON's own escapes


def show_bytes(content: bytes) -> None:
    """The result as it is, be it text or a picture."""
    if hasattr(sys.stdout, "buffer"):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:
        sys.stdout.write(content.decode())


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
        with err.status(what):
            yield
    else:
        yield
    took = time.monotonic() - began
    if took > SLOW:
        say(f"{what}: {took:.1f} s")
