"""Reads rendered configuration files as far as rules need it: values by key, and HAProxy's sections."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass

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

    def seconds(self, keyword: str) -> float | None:
        """A time in seconds; None: the section does not set it."""
        found = self.values(keyword)
        return seconds(found[-1]) if found else None


def seconds(text: str) -> float | None:
    """A time as HAProxy writes it, `500ms`, `60s`, `2000`; None: it is none."""
    match = re.fullmatch(r"([0-9]+)(us|ms|s|m|h|d)?", text.strip())
    return int(match[1]) * _UNITS[match[2] or ""] if match else None


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


def pairs(text: str) -> Mapping[str, str]:
    """Values of a file of `key = value` lines, whatever its sections."""
    lines = (line.strip() for line in text.splitlines())
    split = (line.partition("=") for line in lines if line and line[0] not in "#;[")
    return {key.strip(): value.strip().strip('"') for key, equals, value in split if equals}


def ini(text: str) -> Mapping[str, Mapping[str, str]]:
    """Values of a file in the format of oslo.config, by section; empty where it is not in that format."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}
