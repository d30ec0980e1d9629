"""Reads rendered configuration files as far as rules need it: values by key, and HAProxy's sections."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hacienda.declare import DeclarationError, consistency

_UNITS = {"us": 1e-6, "ms": 1e-3, "": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
"""HAProxy's units of time in seconds; without one it is milliseconds."""


@dataclass(frozen=True)
class Section:
    """One section of haproxy.cfg.

    Args:
        kind: `listen`, `frontend`, `defaults`, ...
        name: its name; empty: it has none.
        lines: its directives, stripped, without comments.
    """

    kind: str
    name: str
    lines: tuple[str, ...]

    def values(self, keyword: str) -> tuple[str, ...]:
        """What follows a keyword, once per line that starts with it: `server`, `timeout server`."""
        return tuple(line[len(keyword) + 1 :] for line in self.lines if line.startswith(f"{keyword} "))


def seconds(text: str) -> float:
    """A time as HAProxy writes it, `500ms`, `60s`, `2000`.

    Raises:
        DeclarationError: it is none.
    """
    match = re.fullmatch(r"([0-9]+)(us|ms|s|m|h|d)?", text.strip())
    if match is None:
        raise DeclarationError(f"haproxy.cfg has {text!r} where a time should be")
    return int(match[1]) * _UNITS[match[2] or ""]


def sections(text: str) -> tuple[Section, ...]:
    """The sections of haproxy.cfg."""
    found: list[tuple[str, str, list[str]]] = []
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not line[0].isspace():
            kind, _, name = stripped.partition(" ")
            found.append((kind, name, []))
        elif found:
            found[-1][2].append(stripped)
    return tuple(Section(kind, name, tuple(lines)) for kind, name, lines in found)


class Values(dict[str, str]):
    """Values by key. To ask for one that is not there is an error: a rule that is given none has nothing to say."""

    def __missing__(self, key: str) -> str:
        raise DeclarationError(
            f"a rule asks for {consistency.unknown(key, self)}, which the rendered file does not set"
        )


def pairs(text: str) -> Values:
    """Values of a file of `key = value` lines, whatever its sections."""
    lines = (line.strip() for line in text.splitlines())
    split = (line.partition("=") for line in lines if line and line[0] not in "#;[")
    return Values({key.strip(): value.strip().strip('"') for key, equals, value in split if equals})


def only(pattern: str, text: str) -> str:
    """What the one group of a regular expression finds; `^` and `$` match at every line.

    Raises:
        DeclarationError: it finds nothing.
    """
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise DeclarationError(f"a rule asks for {pattern}, which the rendered file does not have")
    return found[1]


def section(found: tuple[Section, ...], name: str) -> Section:
    """The section `listen` of that name.

    Raises:
        DeclarationError: there is none.
    """
    for one in found:
        if (one.kind, one.name) == ("listen", name):
            return one
    known = [one.name for one in found if one.kind == "listen"]
    raise DeclarationError(f"a rule asks for the listener {consistency.unknown(name, known)} of haproxy.cfg")


def ini(text: str) -> Mapping[str, Mapping[str, str]]:
    """Values of a file in the format of oslo.config, by section.

    Raises:
        DeclarationError: it is not in that format.
    """
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise DeclarationError(f"a rule reads what is no INI file: {error}") from None
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}
