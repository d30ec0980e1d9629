"""Parts of a page, whatever it is written in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hacienda.review.diff import FileChange

Tone = Literal["good", "warn", "bad", "none"]


@dataclass(frozen=True)
class Cell:
    """A cell of a table that says something good or bad."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row heads it.

    Args:
        caption: what it tells.
        columns: heads of the columns.
        rows: each as long as `columns`.
        brief: it is worth a place in a comment, too.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    brief: bool = True
    kind: str = "table"


@dataclass(frozen=True)
class Lines:
    """Lines of a program, as they are. `language`: what a forge colours them as."""

    caption: str
    lines: tuple[str, ...]
    brief: bool = True
    kind: str = "lines"
    language: str = ""


@dataclass(frozen=True)
class Branch:
    """Something that must work, and what it takes."""

    text: str
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Tree:
    """What must work for something."""

    caption: str
    branches: tuple[Branch, ...]
    brief: bool = False
    kind: str = "tree"


@dataclass(frozen=True)
class ChangedFile:
    """One file that changes.

    Args:
        path: its path.
        heading: what happens to it, where, and what daemons do about it.
        file: the change itself, its lines cut to the room that there is.
        left_out: lines that are not here.
    """

    path: str
    heading: str
    file: FileChange
    left_out: int
    brief: bool = True
    kind: str = "change"


@dataclass(frozen=True)
class Drawing:
    """The picture: each page has its own way to draw it."""

    caption: str
    brief: bool = True
    kind: str = "drawing"


Block = Table | Lines | Tree | ChangedFile | Drawing


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        id: what links to it name.
        title: its heading.
        tone: whether it is good or bad.
        said: what it says, in a line.
        blocks: all of it.
    """

    id: str
    title: str
    tone: Tone
    said: str
    blocks: tuple[Block, ...] = ()
