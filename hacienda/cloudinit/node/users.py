"""System users that no package brings."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from hacienda.cloudinit.node.failure import StepError


def ensure(declarations: Iterable[Path]) -> None:
    """Makes the users of these files, which have the format of sysusers.d(5). Users that exist stay as they are.

    Raises:
        StepError: a user cannot be made.
    """
    files = tuple(map(str, declarations))
    if not files:
        return
    answer = subprocess.run(["systemd-sysusers", *files], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise StepError(f"systemd-sysusers {' '.join(files)}: {answer.stderr.strip() or answer.returncode}")
