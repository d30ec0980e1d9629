"""Text of others, made fit to be shown: nodes, servers, Terraform, environment files, file names. A leaf."""

from __future__ import annotations

import json
from typing import Any


def printable(text: str) -> str:
    """Text in one line, without anything that a terminal would obey or that would change the order of what is read: control
    characters, escape sequences, line breaks, bidirectional marks, what is no character. Each is written out (`\\x1b`)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def lines(text: str) -> str:
    """The same for text that may have several lines. What ends a line on some systems only (`\\r`, U+2028) is written out."""
    return "\n".join(map(printable, text.split("\n")))


def as_json(value: Any) -> str:
    """One JSON document for people and programs, a line break at its end. Whatever a terminal would obey is one of JSON's own
    escapes: the value that a program reads is the same."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def words(value: Any) -> Any:
    """A decoded JSON document with every text in it made `lines`, keys included."""
    if isinstance(value, str):
        return lines(value)
    if isinstance(value, list):
        return [words(one) for one in value]
    if isinstance(value, dict):
        return {lines(key): words(one) for key, one in value.items()}
    return value
