"""Runs a command of cloud-init for each of many files, in one process: its start takes longer than reading a file.

Called as: manyfiles.py SAYS ARGUMENT... -- FILE...; the file is appended to the arguments. SAYS is what cloud-init prints after it
has read the file. The exit code alone proves nothing: cloud-init also exits with 0 if it ignores a file of another kind.
"""

from __future__ import annotations

import contextlib
import importlib
import io
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
        except Exception:  # noqa: BLE001 - a user would see any error that it raises
            traceback.print_exc(limit=0)
            code = 1
    if isinstance(code, str):
        said.write(code)
        code = 1
    return int(code or 0), said.getvalue()


def accepts(main: Any, says: str, arguments: list[str], file: str) -> bool:
    """Whether cloud-init accepts a file. If not, print its output, each line after the file's name."""
    code, said = outcome(main, [*arguments, file])
    # cloud-init accepts deprecated keys today; a later release refuses them.
    if code == 0 and says in said and "deprecat" not in said.lower():
        return True
    print("\n".join(f"{file}: {line}" for line in said.splitlines() if line.strip()) or f"{file}: ignored")  # noqa: T201
    return False


def run() -> int:
    """Exit code: 1 if a file is refused."""
    divider = sys.argv.index("--")
    says, arguments, files = sys.argv[1], sys.argv[2:divider], sys.argv[divider + 1 :]
    main = importlib.import_module("cloudinit.cmd.main").main
    accepted = [accepts(main, says, arguments, file) for file in files]
    return 0 if all(accepted) else 1


if __name__ == "__main__":
    sys.exit(run())
