"""Programs that end, with all that they started, when we do."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

# The namespace's first process ends with unshare, everything else in it with that one, and unshare ends with us.
_NAMESPACE = (
    "setpriv",
    "--pdeathsig=KILL",
    "unshare",
    "--mount-proc",
    "--pid",
    "--ipc",
    "--uts",
    "--fork",
    "--kill-child",
)


def run(argv: Sequence[str], *, seconds: float, environment: Mapping[str, str], cwd: Path | None = None) -> int:
    """Run a program to its end; its exit code. As root it has namespaces of its own for mounts, processes and host name.

    Raises:
        subprocess.TimeoutExpired: it was ended after `seconds`.
    """
    prefix = _NAMESPACE if os.geteuid() == 0 else ()
    with subprocess.Popen(
        [*prefix, *argv], stdin=subprocess.DEVNULL, env=environment, cwd=cwd, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
