"""Makes text from elsewhere safe to print: from nodes, servers, Terraform, environment files, file names. A leaf."""

from __future__ import annotations

import json
from typing import Any


def printable(text: str) -> str:
    """Text in one line, with everything escaped (`\\x1b`) that a terminal would obey or that would change the reading order.

    These are control characters, escape sequences, line breaks, bidirectional marks and invalid characters.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def lines(text: str) -> str:
    """The same for text of several lines. Characters that end a line only on some systems (`\\r`, U+2028) are escaped."""
    return "\n".join(map(printable, text.split("\n")))


def as_json(value: Any) -> str:
    """One JSON document for people and programs, with a line break at its end.

    What a terminal would obey is written as a JSON escape, so that programs still read the same value.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) + "\n"


def words(value: Any) -> Any:
    """A decoded JSON document with `lines` applied to every text in it, keys included."""
    if isinstance(value, str):
        return lines(value)
    if isinstance(value, list):
        return [words(one) for one in value]
    if isinstance(value, dict):
        return {lines(key): words(one) for key, one in value.items()}
    return value
