"""A provider that starts at once: the real one, forked from a process that has imported it already.

Terraform starts the provider three or four times a command, and Python reads its modules each time: most of what a test with real
Terraform costs. `HACIENDA_PYTHON` names the program that the provider's launcher starts; in the tests it is `python` of this
folder's making. It hands the provider over to a forking server of this session and is otherwise Python itself.
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

_PYTHON = """\
#!/bin/sh
if [ "$*" = "-P -m hacienda.provider" ] && [ "${{PYTHONPATH:-{root}}}" = {root} ] && [ -S {socket} ]; then
  exec {python} -I -S {client} {socket}
fi
exec {python} "$@"
"""


@contextmanager
def python(folder: Path) -> Iterator[Path]:
    """A Python whose `-m hacienda.provider` starts at once, until the block ends.

    Args:
        folder: an empty folder with a short path, for the program and the server's socket.
    """
    socket, program = folder / "socket", folder / "python"
    words = {"socket": socket, "python": sys.executable, "client": HERE / "client.py", "root": ROOT}
    program.write_text(_PYTHON.format(**{name: shlex.quote(str(word)) for name, word in words.items()}))
    program.chmod(0o755)
    server = subprocess.Popen([sys.executable, "-m", "tests.warm.server", socket], cwd=ROOT, stdin=subprocess.PIPE)
    try:
        yield program
    finally:
        server.communicate()
