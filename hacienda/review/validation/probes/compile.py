"""Compiles Python files with the running Python, without writing anything."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path


def main(files: list[str]) -> int:
    """Exit code: 1 if a file does not compile, or compiles with a warning."""
    warnings.simplefilter("error")
    bad = 0
    for file in files:
        try:
            compile(Path(file).read_bytes(), file, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            print(f"{file}: {error}")  # noqa: T201
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
