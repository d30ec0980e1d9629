"""Reads rendered configuration files as far as tests need it: sections of HAProxy and of oslo.config."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass


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


def ini(text: str) -> Mapping[str, Mapping[str, str]]:
    """Values of a file in the format of oslo.config, by section.

    Raises:
        configparser.Error: it is not in that format.
    """
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, default_section="")
    parser.read_string(text)
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}
