"""What others wrote reaches a terminal as text: no printing function lets through what a terminal obeys, and none is passed by."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.live import Live
from rich.markup import render
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

import hacienda
from hacienda.cli import console
from hacienda.errors import InputError, Problem, ToolError

ROOT = Path(hacienda.__file__).parent
COPY = "\x1b]52;c;cm0gLXJmIH4=\x07"
"""OSC 52: puts a command on the clipboard of whoever looks at it."""
NASTY = (
    COPY,
    "\x1b[2J",
    "\x9d52;c;eA==\x9c",
    "\x1b]8;;https://evil.example\x1b\\look\x1b]8;;\x1b\\",
    "\r",
    "\u202e",
    "\x85",
    "\ud800",
)
TEXTS = st.lists(
    st.sampled_from([*NASTY, "[red]", "[link=https://evil.example]x[/link]", ":bomb:", "a ", "\n", "\t"])
    | st.text(max_size=4)
).map("".join)
COLOURS = re.compile(r"\x1b\[[0-9;]*[mKAJ]|\x1b\[\?25[lh]|\x1b\[\d*[ABGK]|\r")
"""What Rich itself writes on a terminal: colours, and a live display's moves."""


def grid(text: str) -> Table:
    table = Table(text, "b", title=text, caption=text)
    table.add_row(text, Text(text, style="red"))
    return table


PRINTERS: dict[str, Callable[[str], object]] = {
    "say": console.say,
    "show": console.show,
    "a problem": lambda text: console.fail(InputError([Problem(text, text, text, text, 1, text)], unseen=[text])),
    "a tool's words": lambda text: console.fail(ToolError(text, text)),
    "a table": lambda text: console.out.print(grid(text)),
    "coloured": lambda text: console.err.print(Text(text, style="bold red")),
    "a box": lambda text: console.out.print(Panel(Padding(Text(text)), title=Text(text))),
    "a tree": lambda text: console.out.print(Tree(Text(text))),
    "plain": lambda text: console.out.print(text),
    "Terraform's": console.show_terraform,
    "JSON": lambda text: console.show_json({text: [text]}),
    "a question": lambda text: _asked(text),
    "what goes on": lambda text: _waited(text),
    "a live table": lambda text: _lived(text),
}


def _asked(text: str) -> None:
    with mock.patch.object(sys, "stdin", io.StringIO("y\n")):
        console.agreed(text)


def _waited(text: str) -> None:
    with console.working(text):
        console.say(text)


def _lived(text: str) -> None:
    with Live(get_renderable=lambda: grid(text), console=console.err, auto_refresh=False):
        pass


@contextlib.contextmanager
def terminals(*, colours: bool) -> Iterator[io.StringIO]:
    """Both streams in one, as a terminal or as a file."""
    stream = io.StringIO()
    with contextlib.ExitStack() as stack:
        for one in (console.out, console.err):
            stack.enter_context(mock.patch.object(one, "_force_terminal", colours))
            stack.enter_context(mock.patch.object(one, "_color_system", one._color_system if not colours else None))
            stack.enter_context(mock.patch.object(one, "_width", 60))
        stack.enter_context(contextlib.redirect_stdout(stream))
        stack.enter_context(contextlib.redirect_stderr(stream))
        yield stream


def obeyed(text: str) -> set[str]:
    return {character for character in text if not character.isprintable() and character not in "\n\t"}


@pytest.mark.parametrize("name", PRINTERS)
@given(text=TEXTS)
@example(text=COPY)
@example(text="".join(NASTY))
def test_nothing_that_a_terminal_obeys_comes_through(name: str, text: str) -> None:
    with terminals(colours=False) as stream:
        PRINTERS[name](text)
    assert obeyed(stream.getvalue()) == set()
    with terminals(colours=True) as stream:
        PRINTERS[name](text)
    assert obeyed(COLOURS.sub("", stream.getvalue())) == set()
    assert "\x1b]" not in stream.getvalue()


@pytest.mark.parametrize("name", PRINTERS)
def test_markup_is_text(name: str) -> None:
    text = "[link=https://evil.example][red]fine[/red][/link] :bomb:"
    assert str(render(text)) != text
    with terminals(colours=False) as stream:
        PRINTERS[name](text)
    shown = re.sub(r"[\s│]+", "", stream.getvalue())
    assert re.sub(r"\s+", "", text) in shown


def test_what_was_escaped_is_still_to_be_read() -> None:
    with terminals(colours=False) as stream:
        console.show(COPY)
        console.show("one\ntwo")
    assert stream.getvalue() == "\\x1b]52;c;cm0gLXJmIH4=\none\ntwo\n"


@given(st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)))
def test_a_program_reads_the_same_json(value: object) -> None:
    with terminals(colours=False) as stream:
        console.show_json(value)
    assert json.loads(stream.getvalue()) == value


# Where else this process writes, and why nothing of others comes through there.
ELSEWHERE = {
    "cli/console.py": "the way itself",
    "cli/__init__.py": "one word of its own",
    "cli/app.py": "flushes, and gives the stream up",
    "provider/__main__.py": "the schema, which is the project's own",
    "provider/progress.py": "through printing",
    "provider/framework/operations.py": "through printing",
    "provider/framework/server.py": "the handshake with Terraform",
    "terraform/__main__.py": "through printing",
    "terraform/child.py": "the process becomes Terraform",
    "review/diff/__main__.py": "through printing; another process reads it",
    "lab/versions.py": "through printing",
    "review/validation/inside.py": "JSON for another process, in ASCII",
}
ON_NODES = ("cloudinit/node/", "cloudinit/announce.py", "services/templates/", "review/validation/probes/")
"""Programs of their own that run on nodes or in containers; their answers are read as data."""


def bypasses(tree: ast.AST) -> Iterator[str]:
    """Calls and names with which text reaches a terminal past the console."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if owner == "sys" and node.attr in ("stdout", "stderr", "__stdout__", "__stderr__"):
                yield f"sys.{node.attr}"
            if owner in ("typer", "click") and node.attr in ("echo", "secho", "confirm", "prompt", "style"):
                yield f"{owner}.{node.attr}"
            if node.attr in ("from_markup", "from_ansi", "print_json", "render_str"):
                yield node.attr
            inner = node.value
            if (
                isinstance(inner, ast.Attribute)
                and inner.attr in ("out", "err")
                and node.attr in ("out", "log", "input", "rule")
            ):
                yield f"console.{inner.attr}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "Console"):
            yield node.func.id
        elif isinstance(node, ast.keyword) and node.arg == "markup" and ast.unparse(node.value) != "False":
            yield "markup="
        elif isinstance(node, ast.ImportFrom) and node.module == "rich" and any(a.name == "print" for a in node.names):
            yield "rich.print"
        elif (
            isinstance(node, ast.keyword)
            and node.arg in ("title", "subtitle")
            and isinstance(node.value, ast.JoinedStr | ast.Attribute | ast.Name)
        ):
            yield from ("Panel(title=text)",) if "Panel" in _callee(tree, node) else ()


def _callee(tree: ast.AST, keyword: ast.keyword) -> str:
    return next(
        ast.unparse(call.func) for call in ast.walk(tree) if isinstance(call, ast.Call) and keyword in call.keywords
    )


def test_there_is_no_way_past_the_console() -> None:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(ON_NODES):
            found[name] = sorted(set(bypasses(ast.parse(path.read_text()))))
    passed = {name: ways for name, ways in found.items() if ways}
    # The picture and the topology's format ask whether somebody looks.
    assert passed.pop("cli/topology.py", []) in ([], ["sys.stdout"])
    assert set(passed) == set(ELSEWHERE), passed


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "sys.stdout.write(x)",
        "typer.echo(x)",
        "Console().print(x)",
        "console.out.log(x)",
        "Text.from_markup(x)",
        "console.out.print(x, markup=True)",
        "from rich import print",
        "Panel(a, title=f'{x}')",
    ],
)
def test_the_search_finds_each_way(code: str) -> None:
    assert list(bypasses(ast.parse(code)))
