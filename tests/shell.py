"""Shell scripts as shfmt parses them, and what in them lets a value become code.

A shell evaluates more than `eval`: arithmetic runs the command in the subscript of `x[$(command)]`, wherever that text comes from,
and so do `[[ -eq ]]`, array subscripts, `${!name}`, `printf -v`, `test -v`, `unset` and the names that `read` and `declare` are
given. So each operand is a number that the script made or matched itself (`number` in lib.sh), and each name, format and program
text a constant.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHFMT = Path(sys.executable).with_name("shfmt")

Node = dict[str, Any]

_PLACES = {"Pos", "End", "ValuePos", "ValueEnd", "OpPos", "Left", "Right", "Position", "Semicolon", "Dollar", "Rbrace"}
"""Keys of nodes that say where something is."""
_COMPARISONS = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}
_SPECIAL = {"#", "?", "$", "!", "SECONDS", "EPOCHSECONDS", "RANDOM", "LINENO", "UID", "EUID", "PPID"}
"""Parameters that the shell itself keeps as numbers."""
_NUMBERS: tuple[tuple[str, ...], ...] = (("number",), ("date", "+%s"), ("wc", "-l"), ("grep", "-c"), ("jq", "length"))
"""First words of commands that print a number, whatever they read: `number` matches what it is given."""
_NAMERS = {"read", "mapfile", "readarray", "unset", "getopts"}
"""Builtins that evaluate the names that they are given."""
_TEXTS = {
    "awk": ("-v", "-F"),
    "sed": (),
    "jq": ("--arg", "--argjson", "--indent"),
    "bash": ("-c",),
    "sh": ("-c",),
    "python3": ("-c",),
    "eval": (),
    "evaluate": (),
    "sql": (),
}
"""Interpreters -> their options that take a value (for --arg two); the text that they run is their first other argument."""
CLIENTS = {"mariadb"}
CLIENT_OPTIONS = ("--sandbox", "--skip-local-infile")
"""Without the first a line that begins with a backslash is a command; without the second a server may ask for any file."""
HARMLESS = {"[", "test", "compgen", "echo", "printf", "log", "fail", "waiting", "local"}
"""Commands that open nothing they are given."""


@dataclass(frozen=True)
class Finding:
    """A place where a value may become code."""

    path: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.why}"


@functools.cache
def parse(text: str) -> Node:
    """A script's syntax tree (mvdan.cc/sh/v3/syntax).

    Raises:
        subprocess.CalledProcessError: it is no bash.
    """
    done = subprocess.run(
        [str(SHFMT), "-ln", "bash", "--to-json"], input=text, text=True, capture_output=True, check=True
    )
    tree: Node = json.loads(done.stdout)
    return tree


def nodes(tree: Any) -> Iterator[Node]:
    """Every node below, itself first."""
    if isinstance(tree, dict):
        yield tree
        for key, value in tree.items():
            if isinstance(value, dict | list) and key not in _PLACES:
                yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def literal(word: Node | None) -> str | None:
    """A word that is the same in each run; None where it depends on anything."""
    if word is None:
        return None
    said = ""
    for part in word.get("Parts") or ():
        if part["Type"] in ("Lit", "SglQuoted"):
            said += part.get("Value", "")
        elif part["Type"] == "DblQuoted" and (inner := literal(part)) is not None:
            said += inner
        else:
            return None
    return said


class Script:
    """One script, with what it sources.

    Args:
        path: what findings are named after.
        text: the script.
        sourced: texts of the files that it reads; they are looked at for what they assign.
    """

    def __init__(self, path: str, text: str, sourced: Sequence[str] = ()) -> None:
        self.path = path
        self._lines = text.splitlines()
        self._entered: set[str] = set()
        self.tree = parse(text)
        self.assigned = _assignments([self.tree, *(parse(other) for other in sourced)])
        self._numbers = self._constants = set(self.assigned)
        # Taken for granted first, until nothing more is refuted.
        while (left := {name for name in self._numbers if self._all(name, self._is_number)}) != self._numbers:
            self._numbers = left
        while (left := {name for name in self._constants if self._all(name, self._is_constant)}) != self._constants:
            self._constants = left

    def findings(self) -> list[Finding]:
        """What is wrong, in the order of the lines; each once."""
        found = {(line, why) for node in nodes(self.tree) for line, why in self._wrong(node)}
        return [Finding(self.path, line, why) for line, why in sorted(found)]

    def clients(self) -> list[Finding]:
        """Calls of MariaDB's client that a server could have run commands here, by an answer or by what becomes its input."""
        found: set[tuple[int, str]] = set()
        arrays = set()
        for node in nodes(self.tree):
            elements = [literal(one.get("Value")) for one in (node.get("Array") or {}).get("Elems") or ()]
            if elements and elements[0] in CLIENTS:
                arrays.add(node["Name"]["Value"])
            words = (
                elements or [literal(word) for word in node.get("Args") or ()]
                if node.get("Type") in (None, "CallExpr")
                else []
            )
            if any(_base(word) in CLIENTS for word in words[: 1 if elements else None]):
                found.update(
                    (_line(node), f"a client without {option}") for option in CLIENT_OPTIONS if option not in words
                )
        for node in nodes(self.tree):
            if node.get("Type") == "BinaryCmd" and node["Op"] in ("|", "|&") and self._is_client(node["Y"], arrays):
                found.add((_line(node["Y"]), "a client reads what another program writes"))
            if "Cmd" in node and self._is_client(node, arrays):
                for redirection in node.get("Redirs") or ():
                    given = redirection.get("Hdoc") or redirection["Word"]
                    if redirection["Op"].startswith("<") and not self._is_constant(given):
                        found.add((_line(node), "a client reads what is not constant"))
                    if redirection["Op"] in ("<", "<>") and literal(given) != "/dev/null":
                        found.add((_line(node), "a client reads a file"))
        return [Finding(self.path, line, why) for line, why in sorted(found)]

    def _is_client(self, statement: Node, arrays: set[str]) -> bool:
        command = statement.get("Cmd") or {}
        parts = [part for word in command.get("Args") or () for part in _flat(word)]
        named = any(part["Type"] == "ParamExp" and part["Param"]["Value"] in arrays for part in parts)
        return named or any(_base(literal(word)) in CLIENTS for word in command.get("Args") or ())

    def touched(self, folders: Collection[str]) -> list[Finding]:
        """Where root names a path in a folder that belongs to a daemon's user: it opens, makes, moves or removes what that user
        makes of the name. Asking whether something is there, and saying its name, are no touch; what `run_as` runs is not root."""
        found: set[tuple[int, str]] = set()
        for node in nodes(self.tree):
            words = list(node.get("Args") or ()) if node.get("Type") == "CallExpr" else []
            if words and literal(words[0]) in HARMLESS | {"run_as"}:
                words = []
            words += [each["Word"] for each in node.get("Redirs") or () if "Hdoc" not in each and each["Op"] != "<<<"]
            for word in words:
                path = self.expanded(word)
                if any(path == folder or path.startswith(f"{folder}/") for folder in folders):
                    found.add((_line(word), f"root touches {path}, which is in a folder of a daemon's user"))
        return [Finding(self.path, line, why) for line, why in sorted(found)]

    def expanded(self, word: Node | None) -> str:
        """A word as far as it is known; `*` stands for what is not."""
        return "".join(self._expanded_part(part) for part in _flat(word))

    def _expanded_part(self, part: Node) -> str:
        if part["Type"] in ("Lit", "SglQuoted"):
            return str(part.get("Value", ""))
        if part["Type"] != "ParamExp":
            return "*"
        name, more = part["Param"]["Value"], part.get("Exp") or {}
        values = [value for value in self.assigned.get(name, ()) if isinstance(value, dict)]
        if name == "ROOT" or len(values) != 1 or part.get("Index") or name in self._entered:
            return "" if name == "ROOT" else "*"
        self._entered.add(name)
        known = self.expanded(values[0])
        self._entered.discard(name)
        if more and (more["Op"], literal(more.get("Word"))) == ("%", "/*"):
            return known.rpartition("/")[0]
        return "*" if more or part.get("Repl") or part.get("Slice") else known

    def _all(self, name: str, holds: Callable[[Node], bool]) -> bool:
        return all(value is not None and (value == "number" or holds(value)) for value in self.assigned[name])

    def _fact(self, name: str) -> bool:
        """Of the node's own files, which root alone writes."""
        return name not in self.assigned and re.fullmatch(r"[A-Z][A-Z0-9_]*", name) is not None

    def _is_number(self, word: Node | None) -> bool:
        parts = _flat(word)
        if not parts:
            return word is not None
        if all(part["Type"] in ("Lit", "SglQuoted") for part in parts):
            return re.fullmatch(r"-?[0-9]*", "".join(part.get("Value", "") for part in parts)) is not None
        return len(parts) == 1 and self._is_number_part(parts[0])

    def _is_number_part(self, part: Node) -> bool:
        if part["Type"] == "ArithmExp":
            return True
        if part["Type"] == "CmdSubst":
            return _prints_number(part)
        if part["Type"] != "ParamExp" or part.get("Excl"):
            return False
        name = part["Param"]["Value"]
        if part.get("Length") or name in _SPECIAL:
            return True
        if part.get("Slice") or part.get("Repl"):
            return False
        more = part.get("Exp") or {}
        if more and (
            more["Op"] not in ("-", ":-", "+", ":+") or not self._is_number(more.get("Word") or {"Parts": []})
        ):
            return False
        return name in self._numbers or self._fact(name)

    def _is_constant(self, word: Node | None) -> bool:
        return all(self._is_constant_part(part) for part in _flat(word))

    def _is_constant_part(self, part: Node) -> bool:
        if part["Type"] in ("Lit", "SglQuoted", "ArithmExp", "ExtGlob"):
            return True
        if part["Type"] != "ParamExp" or part.get("Excl"):
            return False
        name = part["Param"]["Value"]
        words = [(part.get("Exp") or {}).get("Word"), *((part.get("Repl") or {}).get(key) for key in ("Orig", "With"))]
        known = name in self._constants or self._fact(name) or name in _SPECIAL or name in ("0", "BASH_SOURCE")
        return known and all(word is None or self._is_constant(word) for word in words)

    def _wrong(self, node: Node) -> Iterator[tuple[int, str]]:
        kind = node.get("Type")
        if kind in ("ArithmExp", "ArithmCmd"):
            yield from self._operands(node["X"])
        elif kind == "CStyleLoop":
            for part in ("Init", "Cond", "Post"):
                if node.get(part):
                    yield from self._operands(node[part])
        elif kind == "LetClause":
            yield _line(node), "let: write $(( ))"
        elif kind == "ParamExp":
            yield from self._parameter(node)
        elif kind == "BinaryTest" and node["Op"] in _COMPARISONS:
            for side in ("X", "Y"):
                if not self._is_number(node[side]):
                    yield _line(node), f"[[ {node['Op']} ]] evaluates what was not matched as a number"
        elif kind == "UnaryTest" and node["Op"] in ("-v", "-R") and literal(node["X"]) is None:
            yield _line(node), f"[[ {node['Op']} ]] evaluates the name that it is given"
        elif kind == "DeclClause":
            yield from self._declaration(node)
        elif kind == "CallExpr" and node.get("Args"):
            yield from self._call(node)
        if "Index" in node and "Name" in node and node["Index"]:
            yield from self._operands(node["Index"])

    def _operands(self, expression: Node) -> Iterator[tuple[int, str]]:
        if expression["Type"] == "Word":
            said = literal(expression)
            if said is None:
                safe = self._is_number(expression)
            elif re.fullmatch(r"[A-Za-z_]\w*", said):
                safe = said in self._numbers or said in _SPECIAL or self._fact(said)
            else:
                safe = re.fullmatch(r"[0-9]+|[@*]", said) is not None
            if not safe:
                yield (
                    _line(expression),
                    f"arithmetic evaluates {self._shown(expression)}, which was not matched as a number",
                )
            return
        for side in ("X", "Y"):
            target = (
                side == "X"
                and re.fullmatch(r"[-+*/%&|^<>]*=", expression.get("Op", ""))
                and expression["Op"] not in ("<=", ">=", "==")
            )
            if expression.get(side) and not target:
                yield from self._operands(expression[side])

    def _parameter(self, node: Node) -> Iterator[tuple[int, str]]:
        if node.get("Excl") and not node.get("Names") and not node.get("Index"):
            yield _line(node), "${!name} evaluates the value of name as a name, subscript and all"
        if node.get("Index"):
            yield from self._operands(node["Index"])
        for part in ("Offset", "Length"):
            if (node.get("Slice") or {}).get(part):
                yield from self._operands(node["Slice"][part])

    def _declaration(self, node: Node) -> Iterator[tuple[int, str]]:
        for argument in node.get("Args") or ():
            option = literal(argument["Value"]) if argument.get("Naked") and argument.get("Value") else ""
            if option is None:
                yield _line(node), f"{node['Variant']['Value']} evaluates the name that it is given"
            elif re.match(r"[-+]\w*[inA]", option):
                yield _line(node), f"{node['Variant']['Value']} {option} evaluates values, or hides what is one"

    def _call(self, node: Node) -> Iterator[tuple[int, str]]:
        arguments = node["Args"]
        words = [literal(word) for word in arguments]
        name = _base(words[0])
        line = _line(node)
        if name == "eval":
            yield line, "eval runs its arguments"
        elif name in ("source", ".") and not self._is_constant(arguments[1]):
            yield line, "source runs a file whose name is not constant"
        elif name in ("[", "test"):
            yield from self._test(line, arguments, words)
        elif name == "printf":
            yield from self._printf(line, arguments, words)
        elif name in _NAMERS and None in words:
            yield line, f"{name} evaluates the names that it is given"
        for place, text in self._texts(arguments, words):
            if not self._is_constant(text):
                yield line, f"{place} runs a text that is not constant"

    def _test(self, line: int, arguments: Sequence[Node], words: Sequence[str | None]) -> Iterator[tuple[int, str]]:
        for number, word in enumerate(words):
            if word in _COMPARISONS and not all(self._is_number(arguments[side]) for side in (number - 1, number + 1)):
                yield line, f"[ {word} ] compares what was not matched as a number: it fails, and counts as `no`"
            if word in ("-v", "-R") and words[number + 1] is None:
                yield line, f"[ {word} ] evaluates the name that it is given"

    def _printf(self, line: int, arguments: Sequence[Node], words: Sequence[str | None]) -> Iterator[tuple[int, str]]:
        position = 1
        if words[position] == "-v":
            if words[position + 1] is None:
                yield line, "printf -v evaluates the name that it is given"
            position += 2
        if words[position] == "--":
            position += 1
        if not self._is_constant(arguments[position]):
            yield line, "printf takes a format that is not constant"

    def _texts(self, arguments: Sequence[Node], words: Sequence[str | None]) -> Iterator[tuple[str, Node]]:
        """What interpreters run among a command's words, which may begin with `timeout 4` or `runuser -u rabbitmq --`."""
        for start, word in enumerate(words):
            name = _base(word)
            if name in CLIENTS:
                yield from (
                    (name, arguments[place + 1]) for place, option in enumerate(words) if option in ("-e", "--execute")
                )
            elif name in _TEXTS:
                if start and name in ("eval", "sh", "bash") and words[0] in ("log", "fail", "echo"):
                    continue
                text = self._text(name, start + 1, words)
                if text is not None:
                    yield name, arguments[text]

    @staticmethod
    def _text(name: str, position: int, words: Sequence[str | None]) -> int | None:
        options = _TEXTS[name]
        if "-c" in options:
            flags = (place for place in range(position, len(words)) if re.fullmatch(r"-[a-z]*c", words[place] or ""))
            place = next(flags, None)
            return None if place is None else place + 1
        if name == "evaluate":
            position += 1
        while position < len(words) and (words[position] or "").startswith("-"):
            if name == "sed" and re.fullmatch(r"-[nErsz]*e|--expression", words[position] or ""):
                return position + 1
            position += {"--arg": 3, "--argjson": 3}.get(words[position] or "", 2 if words[position] in options else 1)
        return position if position < len(words) else None

    def _shown(self, node: Node) -> str:
        begin, end = node["Pos"], node["End"]
        last = end["Col"] - 1 if end["Line"] == begin["Line"] else None
        return str(self._lines[begin["Line"] - 1][begin["Col"] - 1 : last])


def _base(word: str | None) -> str:
    return (word or "").rsplit("/", 1)[-1]


def _flat(word: Node | None) -> list[Node]:
    """A word's parts, without the double quotes around them."""
    found: list[Node] = []
    for part in (word or {}).get("Parts") or ():
        found += _flat(part) if part["Type"] == "DblQuoted" else [part]
    return found


def _prints_number(substitution: Node) -> bool:
    statements: list[Node] = substitution.get("Stmts") or []
    if len(statements) != 1:
        return False
    command = statements[0].get("Cmd") or {}
    while command.get("Type") == "BinaryCmd" and command["Op"] == "|":
        command = (command["Y"] or {}).get("Cmd") or {}
    words = [literal(word) for word in command.get("Args") or ()]
    return any(words[: len(known)] == list(known) for known in _NUMBERS)


def _assignments(trees: Sequence[Node]) -> Mapping[str, list[Any]]:
    """Name -> each value that it is given: a word, `number`, or None for one that comes from outside."""
    found: dict[str, list[Any]] = {}

    def note(name: str, *values: Any) -> None:
        found.setdefault(name, []).extend(values)

    for node in (node for tree in trees for node in nodes(tree)):
        kind = node.get("Type")
        if kind in ("BinaryArithm", "UnaryArithm") and re.fullmatch(r"(?:[-+*/%&|^]|<<|>>)?=|\+\+|--", node["Op"]):
            target = literal(node["X"]) if node["X"]["Type"] == "Word" else None
            if target:
                note(target, "number")
        elif kind == "WordIter":
            note(node["Name"]["Value"], *(node.get("Items") or [None]))
        elif kind == "CallExpr":
            _of_call(node, note)
        elif kind is None and "Name" in node and isinstance(node["Name"], dict) and not node.get("Params"):
            if node.get("Array"):
                note(node["Name"]["Value"], *(element.get("Value") for element in node["Array"].get("Elems") or ()))
            elif node.get("Value"):
                note(node["Name"]["Value"], node["Value"])
    return found


def _of_call(node: Node, note: Any) -> None:
    for assign in node.get("Assigns") or ():
        if not assign.get("Value") and not assign.get("Array"):
            note(assign["Name"]["Value"], {"Parts": []})
    words = [literal(word) for word in node.get("Args") or ()]
    if words and words[0] in ("read", "mapfile", "readarray"):
        for word in words[1:]:
            if word and re.fullmatch(r"[A-Za-z_]\w*", word):
                note(word, None)
    if len(words) > 2 and words[:2] == ["printf", "-v"]:
        note(words[2], None)


def _line(node: Node) -> int:
    return int(node["Pos"]["Line"])
