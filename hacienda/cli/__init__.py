"""The command line: `hacienda`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["main"]

_tell = sys.unraisablehook


def main() -> NoReturn:
    """Run a command. The import takes a second, in which Ctrl-C must not cause a traceback either."""
    sys.unraisablehook = _left_over
    try:
        from hacienda.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(3)


def _left_over(what: UnraisableHookArgs) -> None:
    """Hide jsii's error at exit: it asks the CDK's Node process to end, which Ctrl-C has ended already."""
    if not isinstance(what.exc_value, BrokenPipeError):
        _tell(what)
