"""Generates the commands' pages from the application itself: `python -m hacienda.cli.reference docs/commands`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

from hacienda.cli.app import app

_UNSEEN = {"help", "install_completion", "show_completion"}


def pages() -> Mapping[str, str]:
    """File name -> text: one page for each command (a group and its commands share one), and an index."""
    root: Any = typer.main.get_command(app)
    commands: dict[str, Any] = dict(root.commands)
    made = {f"{name}.md": _page(name, command) for name, command in commands.items()}
    listed = [f"- [`hacienda {name}`]({name}.md): {_first_line(command)}" for name, command in commands.items()]
    made["README.md"] = "\n".join(
        [
            "# Commands",
            "",
            _text(root.help),
            "",
            *listed,
            "",
            "Results go to standard output, everything else (progress, errors) to standard error. `--json` prints one document.",
            "",
            _text(root.epilog),
            "",
        ]
    )
    return made


def _page(name: str, command: Any) -> str:
    nested: Mapping[str, Any] = getattr(command, "commands", {})
    if not nested:
        return "\n".join([f"# hacienda {name}", "", *_body(f"hacienda {name}", command)])
    parts = [f"# hacienda {name}", "", _text(command.help), ""]
    for inner, found in nested.items():
        parts += [f"## hacienda {name} {inner}", "", *_body(f"hacienda {name} {inner}", found)]
    return "\n".join(parts)


def _body(usage: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.name not in _UNSEEN]
    named = [one.metavar or str(one.name).upper() for one in arguments]
    yield "    " + " ".join([usage, *named, *(["[OPTIONS]"] if options else [])])
    yield ""
    yield _text(command.help)
    yield ""
    if arguments or options:
        yield "| | |"
        yield "| --- | --- |"
        yield from (f"| `{label}` | {_help(one)} |" for label, one in zip(named, arguments, strict=True))
        yield from (f"| {_flags(one)} | {_help(one)} |" for one in options)
        yield ""


def _flags(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or str(option.name).upper()}"
    return ", ".join(f"`{flag}{value}`" for flag in (*option.opts, *option.secondary_opts))


def _help(parameter: Any) -> str:
    said = " ".join((parameter.help or "").split())
    notes = []
    default = parameter.default
    if isinstance(default, bool):
        notes += (
            [f"Default: {parameter.opts[0] if default else parameter.secondary_opts[0]}."]
            if parameter.secondary_opts
            else []
        )
    elif default is not None and not callable(default) and "default" not in said.lower():
        notes.append(f"Default: {default}.")
    if parameter.envvar:
        notes.append(f"Environment variable: {parameter.envvar}.")
    return " ".join([said, *notes]).replace("|", "\\|")


def _text(text: str | None) -> str:
    return inspect.cleandoc(text or "")


def _first_line(command: Any) -> str:
    return _text(command.help).partition("\n")[0]


def write(folder: Path) -> None:
    """Write all pages, and delete those of removed commands."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
