"""A Python that starts at once: what it runs is forked from a process that has imported it already.

Terraform starts the provider three or four times a command, a diff renders its base in a process of its own, and Python reads its
modules each time: most of what such a test costs. `python` makes a program that hands MODULES over to a forking server of this
session and is otherwise Python itself. What it hands over is the real thing in a process of its own, with its own arguments,
variables, folder and standard streams. A signal does not reach it: a test that interrupts starts `sys.executable`.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

MODULES = {
    "hacienda.provider": (
        "hacienda.provider.composition",
        "hacienda.provider.framework.server",
        "hacienda.remote.connections",
        "hacienda.remote.local",
    ),
    "hacienda.review.diff": (
        "hacienda.cloud",
        "hacienda.cloudinit",
        "hacienda.services",
        "hacienda.review.diff.export",
    ),
    "hacienda.cli": ("hacienda.cli.app",),
}
"""What starts at once, and what of it is imported before."""

GO = {"GOGC": "400", "GOMAXPROCS": "1"}
"""Variables with which a Terraform that lives for half a second takes a fifth less of a processor: it collects less garbage, and a
core each is what there is where tests run side by side. https://pkg.go.dev/runtime#hdr-Environment_Variables"""

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "HACIENDA_PYTHON", *GO)
"""Variables that a process which a test starts takes over."""

_PYTHON = """\
#!/bin/sh
case "${{PYTHONPATH:-{root}}} $*" in
  {patterns}) if [ -S {socket} ]; then exec {python} -I -S {client} {socket} "$@"; fi ;;
esac
exec {python} "$@"
"""


@contextmanager
def python(folder: Path) -> Iterator[Path]:
    """Make such a program, which works until the block ends.

    Args:
        folder: an empty folder with a short path, for the program and the server's socket.
    """
    socket, program = folder / "socket", folder / "python"
    words = {"socket": socket, "python": sys.executable, "client": HERE / "client.py", "root": ROOT}
    patterns = "|".join(f'"{ROOT} -P -m {module}"|"{ROOT} -P -m {module} "*' for module in MODULES)
    program.write_text(
        _PYTHON.format(patterns=patterns, **{name: shlex.quote(str(word)) for name, word in words.items()})
    )
    program.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-m", "tests.warm.server", socket], cwd=ROOT, stdin=subprocess.PIPE)
    try:
        yield program
    finally:
        server.communicate()
