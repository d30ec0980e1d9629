"""Overrides: options of a program that the operator sets because Hacienda does not, and how they get into the program's file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Written = Mapping[str, Any]
"""The content of `overrides` in the environment file."""

Refusal = tuple[tuple[str | int, ...], str, str]
"""Place below `overrides`, reason, fix."""

_CREDENTIAL = re.compile(
    r"(.*[_.-])?(password|passwd|pass|secret|token|private_key|transport_url|connection)", re.IGNORECASE
)
_CREDENTIAL_IN_LINE = re.compile(r"\bpassword\b", re.IGNORECASE)
_CREDENTIAL_FIX = "Remove it: neither this file nor a file rendered from it may hold a credential."
_INCLUDE = re.compile(r'\{% include "([^"]+)" %\}')
_OWNED_FIX = (
    "Remove it: Hacienda sets it or relies on it. If `services.{service}` has an option for it, use that option."
)


def _template(source: Path) -> str:
    """A template with its included templates, whose paths are relative to the folder above the template's folder."""
    folder = source.parent.parent
    return _INCLUDE.sub(lambda found: _template(folder / found[1]), source.read_text())


def _plain(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _section(line: str) -> str | None:
    match = re.fullmatch(r"\[([^\]]+)\]", line.strip())
    return match[1] if match else None


def _options(template: str) -> Iterator[tuple[str, str]]:
    """Section and name of each `name = value` line of a template. Before the first section, the section is empty."""
    section = ""
    for line in template.splitlines():
        section = _section(line) or section
        match = re.match(r"([A-Za-z][\w.-]*) *=", line)
        if match:
            yield section, match[1]


def _is_credential(name: str, value: object) -> bool:
    return isinstance(value, str) and bool(_CREDENTIAL.fullmatch(name))


def _owned(name: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)


@dataclass(frozen=True)
class Sections:
    """A file of `[section]` lines and `name = value` lines: oslo.config, MariaDB.

    Args:
        path: the file on the node.
        source: its template.
        owned: patterns of `section.name`, or of a section, that must not be set because Hacienda relies on their defaults.
        only: sections that may be written; empty: any.
        loose: the program accepts several spellings of a name, as MariaDB does: hyphens for underscores, a prefix like `skip_`, and
            an abbreviated name.
    """

    path: str
    source: Path
    owned: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    loose: bool = False

    def refusals(self, service: str, written: Written, sections: Collection[str] = ()) -> Iterator[Refusal]:
        """Overrides that are refused: the template sets them, `owned` matches them, or they may hold a credential.

        Args:
            service: the service's name.
            written: the overrides.
            sections: not used for this kind of file.
        """
        set_here = {(section, self._name(name)) for section, name in _options(_template(self.source))}
        for section, options in written.items():
            if self.only and section not in self.only:
                yield (section,), "is not a section of this file", f"Use `{', '.join(self.only)}`."
                continue
            for name, value in options.items():
                own = self._name(name)
                if _is_credential(name, value):
                    yield (section, name), "may hold a credential", _CREDENTIAL_FIX
                elif self._is_set(section, own, set_here) or _owned(f"{section}.{own}", self.owned):
                    yield (section, name), "may not be overridden", _OWNED_FIX.format(service=service)

    def _is_set(self, section: str, name: str, set_here: set[tuple[str, str]]) -> bool:
        if not self.loose:
            return (section, name) in set_here
        return any(section == other and known.startswith(name) for other, known in set_here)

    def _name(self, name: str) -> str:
        if not self.loose:
            return name
        plain = name.replace("-", "_").lower()
        return re.sub(r"^(loose_|skip_|enable_|disable_|maximum_)+", "", plain)

    def merged(self, text: str, written: Written) -> str:
        """The rendered file with the overrides. They are the last options of their section; a new section comes last."""
        lines = text.rstrip("\n").split("\n")
        for section, options in written.items():
            added = [f"{name} = {_plain(value)}" for name, value in options.items()]
            start = next((at for at, line in enumerate(lines) if _section(line) == section), None)
            if start is None:
                lines += ["", f"[{section}]", *added]
                continue
            end = next((at for at in range(start + 1, len(lines)) if _section(lines[at])), len(lines))
            lines[_after_text(lines, end) : end] = [*added, ""] if end < len(lines) else added
        return "\n".join(lines) + "\n"


def _after_text(lines: Sequence[str], end: int) -> int:
    """Where a section's text ends. Trailing empty lines, and comments before the next section, are no part of it."""
    while end > 0 and (not lines[end - 1].strip() or (lines[end - 1].startswith("#") and end < len(lines))):
        end -= 1
    return end


@dataclass(frozen=True)
class Lines:
    """A file of `name = value` lines without sections: RabbitMQ.

    Args:
        path: the file on the node.
        source: its template.
        owned: patterns of names that must not be set because Hacienda relies on their defaults.
    """

    path: str
    source: Path
    owned: tuple[str, ...] = ()

    def refusals(self, service: str, written: Written, sections: Collection[str] = ()) -> Iterator[Refusal]:
        """As for Sections."""
        set_here = {name for _, name in _options(_template(self.source))}
        for name, value in written.items():
            if _is_credential(name, value):
                yield (name,), "may hold a credential", _CREDENTIAL_FIX
            elif name in set_here or _owned(name, self.owned):
                yield (name,), "may not be overridden", _OWNED_FIX.format(service=service)

    def merged(self, text: str, written: Written) -> str:
        """The rendered file with the overrides."""
        return text.rstrip("\n") + "\n" + "".join(f"{name} = {_plain(value)}\n" for name, value in written.items())


@dataclass(frozen=True)
class Directives:
    """A file of sections with indented lines: HAProxy.

    Args:
        path: the file on the node.
        source: its template.
        kinds: kinds of section that may be extended. Each has patterns of directives that Hacienda owns there, besides those that
            the template has in a section of that kind.
        two_words: first words of directives whose second word distinguishes them: `timeout server` is not `timeout client`.
    """

    path: str
    source: Path
    kinds: Mapping[str, tuple[str, ...]]
    two_words: tuple[str, ...]

    def refusals(self, service: str, written: Written, sections: Collection[str] = ()) -> Iterator[Refusal]:
        """As for Sections; `sections` are those that result from other services' declarations."""
        set_here = set(self._directives(_template(self.source)))
        for section, lines in written.items():
            kind = section.partition(" ")[0]
            known = [*self._sections(), *sections]
            if kind not in self.kinds or section not in known:
                yield (section,), "is not a section that can be extended", f"Use one of {', '.join(known)}."
                continue
            for number, line in enumerate(lines):
                word = self._directive(line)
                if (kind, word) in set_here or _owned(word, self.kinds[kind]):
                    yield (section, number), f"`{word}` may not be overridden", _OWNED_FIX.format(service=service)
                elif _CREDENTIAL_IN_LINE.search(line):
                    yield (section, number), "may hold a credential", _CREDENTIAL_FIX

    def _sections(self) -> list[str]:
        lines = (line for line in _template(self.source).splitlines() if "{" not in line)
        return [line.strip() for line in lines if line.split(" ")[0] in self.kinds]

    def _directive(self, line: str) -> str:
        words = line.split()
        if words[0] == "no" and len(words) > 1:
            words = words[1:]
        return " ".join(words[:2]) if words[0] in self.two_words else words[0]

    def _directives(self, template: str) -> Iterator[tuple[str, str]]:
        kind = ""
        for line in template.splitlines():
            if re.match(r"[a-z]", line):
                kind = line.split()[0]
            elif re.match(r"\s+[a-z]", line):
                yield kind, self._directive(line)

    def merged(self, text: str, written: Written) -> str:
        """The rendered file with the overrides."""
        lines = text.rstrip("\n").split("\n")
        for section, added in written.items():
            start = next(at for at, line in enumerate(lines) if line.strip() == section and not line[0].isspace())
            follows = (at for at in range(start + 1, len(lines)) if re.match(r"[a-z]", lines[at]))
            end = _after_text(lines, next(follows, len(lines)))
            lines[end:end] = [f"    {line}" for line in added]
        return "\n".join(lines) + "\n"


Overrides: TypeAlias = Sections | Lines | Directives
"""How overrides of one file are written, checked and merged."""
