"""Jinja for every template of Hacienda: strict about undefined variables."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jinja2

from hacienda.declare import DeclarationError, placeholder

OWN_TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment(folder: Path) -> jinja2.Environment:
    """The template environment of a folder, with compiled templates cached while the process runs."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - configuration files, never HTML
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.globals["secret"] = placeholder
    # YAML reads JSON scalars, so this quotes any text of the environment file.
    made.filters["quoted"] = lambda value: json.dumps(value if isinstance(value, bool | int) else str(value))
    return made


def render(folder: Path, name: str, **variables: Any) -> str:
    """The text of a template.

    Raises:
        DeclarationError: the template is missing, or uses an undefined variable.
    """
    try:
        return environment(folder).get_template(name).render(**variables)
    except jinja2.TemplateError as error:
        raise DeclarationError(f"{folder.name}/{name}: {type(error).__name__}: {error}") from error


@functools.cache
def static(path: Path) -> str:
    """A file that is shipped unchanged.

    Raises:
        DeclarationError: the file is missing.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DeclarationError(f"{path.parent.name}/{path.name}: no such file") from error
