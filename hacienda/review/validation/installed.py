"""Programs of this machine, for validation without a lab. Each runs in a copy of the machine that disappears afterwards."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from hacienda.errors import ToolError
from hacienda.review.validation.checkers import ALL, HOME, Program
from hacienda.review.validation.work import Answer, Order

_LIMIT_SECONDS = 1800
"""Time limit for all jobs together, as in a scratch machine."""

# overlayfs refuses layers of one file system that contain one another, so the layer has its own file system.
_SCRIPT = f"""set -eu
mkdir "$1/layer"
mount -t tmpfs -o mode=0755 layer "$1/layer"
home=$1/layer{HOME}
mkdir -p "$home"
tar --extract --directory="$home" --file="$1/order.tar" --no-same-owner
exec "$2" -P "$home/inside.py" "$home" "$1/layer"
"""

_UNSHARE = ("unshare", "--mount", "--net", "--")
_LAB = "run as root where the lab is up (hacienda lab up)"
_PROBE = "mount -t tmpfs probe /tmp && mkdir /tmp/u /tmp/work /tmp/r && "
_PROBE += (
    "mount -t overlay -o userxattr,lowerdir=/,upperdir=/tmp/u,workdir=/tmp/work probe /tmp/r && test -x /tmp/r/bin/sh"
)


class Installed:
    """Programs of Debian packages that are installed here. Files of other programs are not checked.

    Args:
        packages: all packages of the nodes to check.
    """

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = tuple(packages)

    @property
    def title(self) -> str:
        """Name of the place for people."""
        return f"this machine's programs ({_operating_system()})"

    def lacks(self, program: Program) -> str:
        """Why a program cannot run here; empty: it can."""
        if program.kernel:
            return f"it would change settings of this machine's kernel; {_LAB}"
        wanted = {program.package, *(self._packages if ALL in program.also else program.also)}
        missing = sorted(package for package in wanted if not self._versions.get(package))
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            names = " ".join(missing[:3]) + more
            return f"not installed: {names}; install it, or {_LAB}"
        return _forbidden()

    def identity(self, program: Program) -> str:
        """Versions of the packages on which the program's answers depend."""
        used = (program.package, *(self._packages if ALL in program.also else program.also))
        return " ".join(f"{package}={self._versions.get(package, '')}" for package in used)

    def perform(self, order: Order) -> Answer:
        """Run the jobs of an order.

        Raises:
            ToolError: the program that runs the jobs fails. A refused file is an answer, not an error.
        """
        with tempfile.TemporaryDirectory(prefix="hacienda-validation-") as folder:
            (Path(folder) / "order.tar").write_bytes(order.archive)
            argv = [*_UNSHARE, "sh", "-c", _SCRIPT, "validation", folder, sys.executable]
            try:
                done = subprocess.run(
                    argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
                )
            except subprocess.TimeoutExpired as late:
                raise ToolError(f"Checking did not end within {_LIMIT_SECONDS} s.") from late
        if done.returncode != 0:
            raise ToolError("Checking with this machine's programs failed:", done.stderr.strip()[-2000:] or None)
        return Answer.parse(done.stdout)

    @functools.cached_property
    def _versions(self) -> Mapping[str, str]:
        """Installed packages of this machine -> versions; empty if the machine does not use dpkg."""
        query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status} ${Version}\n"]
        try:
            shown = subprocess.run(query, capture_output=True, text=True, check=False).stdout
        except FileNotFoundError:
            return {}
        lines = (line.split(" ", 2) for line in shown.splitlines())
        return {name: version for name, status, version in lines if status == "installed"}


@functools.cache
def _forbidden() -> str:
    """Why this process cannot create a copy of this machine; empty: it can."""
    if os.geteuid() != 0:
        # A user namespace does not help: the kernel refuses its overlay of / if anything is mounted below it.
        return "it runs in a copy of this machine, which only root can create; run as root"
    try:
        done = subprocess.run([*_UNSHARE, "sh", "-c", _PROBE], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "this machine has no unshare (package util-linux)"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or ["no mount namespaces"])[0]
    return f"it runs in a copy of this machine, which cannot be created: {said}"


def _operating_system() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    named = dict(line.split("=", 1) for line in lines if "=" in line)
    return named.get("PRETTY_NAME", "unknown").strip('"')
