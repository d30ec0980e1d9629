"""Text of others, made fit to be shown."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without anything that a terminal would obey: it may come from anybody's branch."""
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)
