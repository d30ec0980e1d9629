"""Parts of a report, independent of its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hacienda.review.diff import FileChange

Tone = Literal["good", "warn", "bad", "none"]


@dataclass(frozen=True)
class Cell:
    """A cell of a table whose text is good or bad news."""

    text: str
    tone: Tone


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its heading.

    Args:
        caption: what the table shows.
        columns: headings of the columns.
        rows: rows as long as `columns`.
        brief: whether a comment contains the table too.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    brief: bool = True
    kind: str = "table"


@dataclass(frozen=True)
class Lines:
    """Lines of a program, unchanged. A forge colours them as text of `language`."""

    caption: str
    lines: tuple[str, ...]
    brief: bool = True
    kind: str = "lines"
    language: str = ""


@dataclass(frozen=True)
class Branch:
    """Something that must work, and the parts that it needs."""

    text: str
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Tree:
    """The parts that must work for a request."""

    caption: str
    branches: tuple[Branch, ...]
    brief: bool = False
    kind: str = "tree"


@dataclass(frozen=True)
class ChangedFile:
    """One changed file.

    Args:
        path: absolute path on the node, or one of `diff.FIRST_BOOT`.
        heading: what happens to the file, on which machines, and what daemons do afterwards.
        file: the change itself, with the lines that fit.
        left_out: number of lines that do not fit.
    """

    path: str
    heading: str
    file: FileChange
    left_out: int
    brief: bool = True
    kind: str = "change"


@dataclass(frozen=True)
class Drawing:
    """The picture; each format draws it in its own way."""

    caption: str
    brief: bool = True
    kind: str = "drawing"


Block = Table | Lines | Tree | ChangedFile | Drawing


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        id: target of links to the section.
        title: heading of the section.
        tone: whether the content is good or bad news.
        said: the content in a line.
        blocks: the whole content.
    """

    id: str
    title: str
    tone: Tone
    said: str
    blocks: tuple[Block, ...] = ()
