"""The environment file as plain data, with the line of every value.

The reader accepts mappings, lists, text, whole and decimal numbers, true and false. It refuses anchors, aliases, tags,
merge keys, several documents in one file, and a key that is written twice.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from hacienda.errors import InputError, Problem

Trail = tuple[str | int, ...]
"""Keys and list positions from the root of the file to a value."""

MAXIMUM_BYTES = 4 * 1024 * 1024
"""Size of the largest file that is read. 5,000 named machines take about 1 MiB."""

MAXIMUM_DEPTH = 12
"""Deepest nesting. The format itself needs seven levels; service options may add some."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
_RISKY = re.compile(r"\{\{|\{%|\{#|[$%@]\{|\$\(|`")
"""What templates, Terraform, shells and secret placeholders (`@{secret:...}@`) begin with."""


@dataclass(frozen=True)
class Source:
    """Positions of the values of an environment in its file.

    Args:
        file: path as the operator gave it.
        lines: trail -> line number from 1 of its key (or of the item of a list).
    """

    file: str
    lines: Mapping[Trail, int] = field(repr=False)

    def problem(self, trail: Trail, reason: str, fix: str = "", value: object = None) -> Problem:
        """A problem at a value, or at the nearest enclosing value that is in the file."""
        known = trail
        while known and known not in self.lines:
            known = known[:-1]
        shown = "" if value is None else display(value)
        return Problem(dotted(trail), reason, fix, self.file, self.lines.get(known, 1), shown)

    def locate(self, where: str) -> int | None:
        """Line of a dotted field, or of the nearest enclosing field; None if the file has none of them."""
        found: int | None = None
        for trail, line in self.lines.items():
            written = dotted(trail)
            if written and (where == written or where.startswith((f"{written}.", f"{written}["))):
                found = line
        return found


def dotted(trail: Trail) -> str:
    """A trail as people write it: `machines.storage.nodes.st-a1`, `ssh.keys[0]`."""
    text = ""
    for part in trail:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if part.isprintable() and len(part) <= 60 else display(part)
            text += f".{key}" if text else key
    return text


def display(value: object, limit: int = 60) -> str:
    """A value as errors show it: one shortened line without control sequences, and without the password of a URL."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = re.sub(r"//[^/@\s]+@", "//...@", json.dumps(value, default=str))
    if re.search(r"SECRET-KEY|PRIVATE KEY", text):
        return "a private key, not shown"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def read(path: Path, shown: str = "") -> tuple[dict[str, Any], Source]:
    """The file's data and positions.

    Args:
        path: the file.
        shown: name of the file in errors; empty: `path`.

    Raises:
        InputError: it cannot be read, or is not the YAML described above.
    """
    name = shown or display_path(path)
    try:
        if not path.is_file():
            reason = "is a folder, not a file" if path.is_dir() else "there is no such file"
            raise InputError([Problem("", reason, "Name an environment file.", name)])
        with path.open("rb") as stream:
            raw = stream.read(MAXIMUM_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path cannot be used"
        raise InputError([Problem("", f"cannot be read: {reason}", "", name)]) from error
    return parse(raw, name)


def display_path(path: Path) -> str:
    """A printable path, relative to the working folder if that is shorter."""
    with contextlib.suppress(ValueError, OSError):
        path = path.absolute().relative_to(Path.cwd())
    return "".join(character if character.isprintable() else "?" for character in str(path))


def parse(raw: bytes, name: str) -> tuple[dict[str, Any], Source]:
    """The data and positions of a file's bytes. Raises InputError with every problem found."""
    if len(raw) > MAXIMUM_BYTES:
        raise InputError([Problem("", f"is larger than {MAXIMUM_BYTES // 1024**2} MiB", "", name)])
    builder = _Builder(name)
    try:
        data = builder.document(_text(raw, name))
    except YAMLError as error:
        builder.problems.append(_syntax(error, name))
        data = {}
    except _TooDeepError as error:
        fix = "Check the brackets and the indentation."
        builder.problems.append(Problem("", f"is nested more than {MAXIMUM_DEPTH} levels deep", fix, name, error.line))
        data = {}
    except (ValueError, IndexError, TypeError, AttributeError, AssertionError) as error:
        # For some malformed directives and escapes ruamel.yaml raises plain Python errors.
        builder.problems.append(Problem("", f"is not YAML: {display(str(error))}", "", name))
        data = {}
    if builder.problems:
        raise InputError(sorted(builder.problems, key=lambda problem: problem.line or 0))
    return data, Source(name, builder.lines)


def _text(raw: bytes, name: str) -> str:
    """The file as text. Refuses constructs about which YAML libraries disagree."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError([Problem("", "is not UTF-8 text", "Save the file as UTF-8.", name, line)]) from error
    problems = []
    for number, line_text in enumerate(text.split("\n"), 1):
        line_text = line_text.removesuffix("\r")
        if re.match(r" *\t", line_text):
            fix = "Indent with spaces: YAML does not allow tabs."
            problems.append(Problem("", "a tab in the indentation", fix, name, number))
        odd = re.search(
            r"[^\t\x20-\x7e\xa0-\u2027\u2030-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]", line_text
        )
        if odd:
            problems.append(Problem("", f"the control character {odd.group()!a}", "Remove it.", name, number))
    if problems:
        raise InputError(problems)
    return text


def _syntax(error: YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark is not None else None
    reason = (error.problem or error.context) if isinstance(error, MarkedYAMLError) else None
    fix = "Check the indentation, colons, brackets and quotes of this line and the one before."
    return Problem("", f"is not YAML: {reason or 'unreadable'}", fix, name, line)


class _TooDeepError(Exception):
    """The file is nested deeper than the format allows."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


class _Builder:
    """Builds data and positions from YAML's events, and collects the problems."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[Trail, int] = {}
        self.problems: list[Problem] = []

    def document(self, text: str) -> dict[str, Any]:
        events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        first = next(event for event in events if not isinstance(event, StreamStartEvent))
        if isinstance(first, StreamEndEvent):
            self._refuse((), 1, "is empty", "Start with `name:`, `networks:` and `machines:`.")
            return {}
        root = next(events)
        data = self._value(root, events, ())
        for event in events:
            if isinstance(event, DocumentStartEvent):
                self._refuse((), _line(event), "a second document starts here", "One environment, one file.")
                break
        if not isinstance(data, dict):
            if not self.problems:
                what = "is empty" if data is None else f"holds {_kind(data)}, not keys and values"
                self._refuse((), _line(root), what, "Start with `name:`, `networks:` and `machines:`.")
            return {}
        return data

    def _refuse(self, trail: Trail, line: int, reason: str, fix: str, value: object = None) -> None:
        shown = "" if value is None else display(value)
        self.problems.append(Problem(dotted(trail), reason, fix, self.name, line, shown))

    def _value(self, event: Event, events: Iterator[Event], trail: Trail) -> Any:
        line = _line(event)
        self.lines.setdefault(trail, line)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, AliasEvent):
            self._refuse(trail, line, f"*{anchor}: references are not supported", "Write the value out.")
        elif anchor:
            self._refuse(trail, line, f"&{anchor}: anchors are not supported", "Write the value out.")
        if tag not in (None, "!"):
            self._refuse(trail, line, f"the tag {tag} is not supported", "Write a plain value.")
        if len(trail) > MAXIMUM_DEPTH:
            raise _TooDeepError(line)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, trail)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, trail)
        return self._scalar(event, trail) if isinstance(event, ScalarEvent) else None

    def _mapping(self, events: Iterator[Event], trail: Trail) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, events, trail)
            place = (*trail, key)
            if key in found:
                first = self.lines[place]
                self._refuse(place, _line(event), f"is written twice, first in line {first}", "Keep one of the two.")
                self._value(next(events), events, place)
                continue
            self.lines[place] = _line(event)
            found[key] = self._value(next(events), events, place)
        return found

    def _key(self, event: Event, events: Iterator[Event], trail: Trail) -> str:
        if not isinstance(event, ScalarEvent) or getattr(event, "anchor", None) or _tagged(event):
            self._refuse(trail, _line(event), "a key that is not plain text", "Write `name: value`.")
            self._value(event, events, (*trail, "?"))
            return "?"
        key = str(event.value)
        if key == "<<":
            self._refuse((*trail, key), _line(event), "merge keys are not supported", "Write the values out.")
        self._check_text(key, _line(event), trail)
        return key

    def _sequence(self, events: Iterator[Event], trail: Trail) -> list[Any]:
        found: list[Any] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            found.append(self._value(event, events, (*trail, len(found))))
        return found

    def _scalar(self, event: ScalarEvent, trail: Trail) -> Any:
        text = str(event.value)
        self._check_text(text, _line(event), trail)
        if getattr(event, "style", None) is not None or getattr(event, "tag", None) == "!":
            return text
        if text.lower() in _WORDS and text in (text.lower(), text.upper(), text.capitalize()):
            return _WORDS[text.lower()]
        if _INTEGER.fullmatch(text):
            return int(text)
        return float(text) if _DECIMAL.fullmatch(text) else text

    def _check_text(self, text: str, line: int, trail: Trail) -> None:
        risky = _RISKY.search(text)
        if risky:
            reason = f"{risky.group()!r} could be read as a template or a command"
            self._refuse(trail, line, reason, "Write plain text.", text)
        elif not text.isprintable():
            self._refuse(trail, line, "holds a line break or another control character", "Write it in one line.", text)


def _tagged(event: ScalarEvent) -> bool:
    return getattr(event, "tag", None) not in (None, "!")


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else "one plain value"
