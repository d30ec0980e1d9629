"""How overrides are written in the environment file: names and values of one line each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hacienda.declare.trust import Trust

LONGEST = 1000
"""Characters of a value at most. The lines of configuration files have room for more."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_SECTION = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]*")


def _line(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST:
        raise ValueError(f"must be one line of 1 to {LONGEST} characters")
    if not value.isprintable() or value != value.strip():
        raise ValueError("must have no line break, no control character and no space at either end")
    if "@{" in value:
        raise ValueError("must not contain `@{`, which marks a secret in rendered files")
    return value


def _value(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else _line(value)


def _directive(value: Any) -> str:
    line = _line(value)
    if "#" in line:
        raise ValueError("must not contain `#`, which begins a comment")
    return line


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("an option's name may have only letters, digits and `_.-`, a letter first")
    return value


def _section(value: Any) -> str:
    if not isinstance(value, str) or not _SECTION.fullmatch(value):
        raise ValueError("a section's name may have only letters, digits and `_.:-`, a letter first")
    return value


def _directives(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


_Value = Annotated[bool | int | float | str, BeforeValidator(_value)]
_OVERRIDES = Trust(
    "how a program behaves in ways that Hacienda does not check: it may ask for no certificate, or accept any client"
)
_Lines = Mapping[Annotated[str, BeforeValidator(_name)], _Value]
LineOverrides = Annotated[_Lines, _OVERRIDES]
"""Name -> value."""
SectionOverrides = Annotated[
    Mapping[Annotated[str, BeforeValidator(_section)], Annotated[_Lines, Field(min_length=1)]], _OVERRIDES
]
"""Section -> name -> value."""
DirectiveOverrides = Annotated[
    Mapping[
        str,
        Annotated[
            tuple[Annotated[str, BeforeValidator(_directive)], ...], BeforeValidator(_directives), Field(min_length=1)
        ],
    ],
    _OVERRIDES,
]
"""Section -> lines."""
