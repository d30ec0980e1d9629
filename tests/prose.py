"""The sentences of a Python file: its docstrings, its comments, and the messages that it writes."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator

WORDS = 3
"""Words of the shortest text that is a message, not a name or an option."""


def paragraphs(source: str) -> Iterator[str]:
    """Each docstring, each block of comments and each message, as Markdown's prose: every entry of `Args` begins a paragraph."""
    tree = ast.parse(source)
    documentation = [value for node in ast.walk(tree) if (value := _docstring(node)) is not None]
    for value in documentation:
        entries = re.sub(r"(?m)^ *(\w+(, \w+)*: )", r"\n\1", inspect.cleandoc(_text(value)))
        yield re.sub("(?m)^ +", "", entries)
    yield from _comments(source)
    shown = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        text = "" if id(node) in shown or node in documentation else _text(node)
        if " " in text and len(re.findall("[A-Za-z]{2,}", text)) >= WORDS:
            yield text.replace("\n", "\n\n")


def _docstring(node: ast.AST) -> ast.Constant | None:
    """The text of a statement that is nothing but a text: it documents what is before or around it."""
    value = node.value if isinstance(node, ast.Expr) else None
    return value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _text(node: ast.AST) -> str:
    """A text, with `X` for each value that it shows; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) if isinstance(part, ast.Constant) else "X" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _comments(source: str) -> Iterator[str]:
    """Comments; those on consecutive lines are one."""
    block, last = "", 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if block and token.start[0] != last + 1:
                yield block
                block = ""
            block, last = f"{block}\n{token.string.lstrip('# ')}".strip(), token.start[0]
    if block:
        yield block


_COMMENT = re.compile(r"^\s*(?:#|//|%%)(?!!| ?shellcheck ) ?(.*)|(?<=\s)# (?!shellcheck )(.+)$")
_SAID = re.compile(
    r"""\b(?:fail|log|waiting|echo|printf|wait_for \S+) (?:"((?:[^"\\]|\\.)*)"|'([^']*)')|^Description=(.*)"""
)
_SHOWN = re.compile(r"\$\([^()]*\)|\$\{[^{}]*\}|\$\w+|\{\{.*?\}\}")


def lines(source: str) -> Iterator[str]:
    """Each block of comments and each message of a shell script, a unit or another template, as Markdown's prose."""
    block = ""
    for line in (*source.splitlines(), ""):
        comment, said = _COMMENT.search(line), _SAID.search(_SHOWN.sub("X", line))
        if comment and comment[1]:
            block = f"{block}\n{comment[1]}".strip()
            continue
        if block:
            yield block
        block = comment[2] or "" if comment else ""
        if said:
            text = next(part for part in said.groups() if part is not None)
            yield text.replace("|", "\n\n").replace("\\n", "\n\n")
