#!/usr/bin/python3
"""Runs a release's own check, `<project>-status upgrade check`. Arguments: the Python module of the project's tool, and options
that come before `upgrade check`.

Prints a line with each check that did not succeed, and ends as the tool does: 0 all succeeded, 1 a warning, 2 a failure, 255 no
result.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import sys

ERROR = 255
FIELD = re.compile(r"(Check|Result|Details): ?(.*)")
EXCEPTION = re.compile(r"[\w.]+: .+")
"""The line that ends a traceback. Further lines of an error's text may follow."""


def findings(table: str) -> str:
    """The checks in the tool's table that did not succeed, with their details, in one line. The worst come first."""
    checks: list[dict[str, str]] = []
    last = ""
    for line in table.splitlines():
        cell = line.strip().strip("|").strip()
        field = FIELD.fullmatch(cell)
        if field and field[1] == "Check":
            checks.append({})
        if field and checks:
            last = field[1]
            checks[-1][last] = field[2]
        elif checks and cell and not cell.startswith("+"):
            # The tool wraps long details.
            checks[-1][last] += f" {cell}"
    left = [one for one in checks if one.get("Result") != "Success"]
    left.sort(key=lambda one: one.get("Result") != "Failure")
    return "; ".join(f"{one['Check']}: {one.get('Details', '')}" for one in left)


def run(module: str, options: list[str]) -> tuple[int, str]:
    """Exit status and line."""
    heard = io.StringIO()
    # The library of the tools reads it when it is imported.
    sys.argv = [module, *options, "upgrade", "check"]
    try:
        with contextlib.redirect_stdout(heard):
            verdict = importlib.import_module(module).main()
    except SystemExit as ended:
        # The tools return their verdict; their parser of arguments ends with 2.
        return ERROR, f"{module} ended with {ended.code}"
    except Exception as error:  # noqa: BLE001 the interpreter would end with 1, which is a warning
        return ERROR, f"{type(error).__name__}: {error}"
    if isinstance(verdict, str):
        # Some tools return what the interpreter is to say before it ends with 1.
        return ERROR, " ".join(verdict.split())
    code = int(verdict or 0)
    text = heard.getvalue()
    lines = [line for line in text.splitlines() if line.strip()]
    raised = [line for line in lines if EXCEPTION.fullmatch(line)] or lines
    return code, findings(text) or (raised[-1] if code and raised else "")


def main() -> int:
    """The tool's exit status."""
    code, line = run(sys.argv[1], sys.argv[2:])
    print(line)  # noqa: T201 the calling script reads it
    return code


if __name__ == "__main__":
    sys.exit(main())
