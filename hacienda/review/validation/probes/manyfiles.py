"""Runs a command of cloud-init for each of many files: imported once, then a process per file.

Called as: manyfiles.py ARGUMENT... -- FILE...; the file is appended to the arguments.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import traceback
from typing import Any


def outcome(main: Any, arguments: list[str]) -> tuple[int, str]:
    """Exit code and output of cloud-init's own main function."""
    said = io.StringIO()
    code: Any = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(["cloud-init", *arguments])
        except SystemExit as ended:
            code = ended.code
        except Exception:  # noqa: BLE001 - whatever it raises is what a user would see
            traceback.print_exc()
            code = 1
    if isinstance(code, str):
        said.write(code)
        code = 1
    return int(code or 0), said.getvalue()


def check(main: Any, arguments: list[str], file: str) -> bool:
    """Whether cloud-init accepts a file; what it says otherwise is printed, each line after the file's name."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code, said = outcome(main, [*arguments, file])
        with os.fdopen(writer, "w") as pipe:
            pipe.write(said)
        os._exit(min(code, 125))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    # What is deprecated is accepted today, and refused by the release after next.
    if code or "deprecat" in said.lower():
        print("\n".join(f"{file}: {line}" for line in said.splitlines() if line.strip()) or f"{file}: {code}")  # noqa: T201
    return code == 0 and "deprecat" not in said.lower()


def run() -> int:
    """Exit code: 1 when a file is refused."""
    divider = sys.argv.index("--")
    arguments, files = sys.argv[1:divider], sys.argv[divider + 1 :]
    main = importlib.import_module("cloudinit.cmd.main").main
    sys.stdout.flush()
    accepted = [check(main, arguments, file) for file in files]
    return 0 if all(accepted) else 1


if __name__ == "__main__":
    sys.exit(run())
