"""The application: its commands, and the handling of their errors."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from hacienda.cli import (
    apply,
    availability,
    check,
    console,
    destroy,
    diff,
    explain,
    guard,
    init,
    lab,
    ledger,
    plan,
    report,
    schema,
    secrets,
    status,
    synth,
    timers,
    topology,
    validate,
    verify,
)
from hacienda.declare import DeclarationError
from hacienda.errors import HaciendaError

INTERRUPTED = 130
"""Exit code of a program that SIGINT ended, by the shells' convention; Typer uses it for KeyboardInterrupt."""

app = typer.Typer(
    name="hacienda",
    help="One environment file in, a highly available OpenStack cloud out.",
    epilog="Exit codes: 0 success, 1 the cloud has a problem, 2 bad input, 3 a tool is missing or failed, 4 the guard refuses.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(init.init)
app.command()(schema.schema)
app.command()(check.check)
app.command()(availability.availability)
app.command()(timers.timers)
app.command()(explain.explain)
app.command()(ledger.ledger)
app.command()(topology.topology)
app.command()(synth.synth)
app.command()(validate.validate)
app.command()(diff.diff)
app.command()(report.report)
app.command()(plan.plan)
app.command()(apply.apply)
app.command()(destroy.destroy)
app.command()(guard.guard)
app.command()(status.status)
app.command()(verify.verify)
app.add_typer(lab.app, name="lab")
app.add_typer(secrets.app, name="secrets")


def _version(wanted: bool) -> None:
    if wanted:
        console.show(f"hacienda {metadata.version('hacienda')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options without a command."""


_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE}
"""Errors of system calls that the machine causes, and no program."""


def main() -> NoReturn:
    """Run a command. It always ends with one of the exit codes, and never with a traceback."""
    console.begin()
    try:
        try:
            app(prog_name="hacienda")
        finally:
            # Flush now, while an error can still be reported: after an error of its own flush at exit, Python ends with 120.
            sys.stdout.flush()
    except HaciendaError as error:
        console.fail(error)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            _give_up_output()  # Typer would exit with 1, the code of an unwell cloud
        elif leaving.code != INTERRUPTED:
            raise
        else:
            console.say("interrupted")
    except BrokenPipeError:
        _give_up_output()
    except DeclarationError as error:
        console.say(f"The declaration of a service is wrong: {error}\nDetails: {_log()}")
    except Exception as error:  # noqa: BLE001 (the last resort: the operator gets one line, the log the rest)
        if isinstance(error, OSError) and error.errno in _MACHINE:
            console.say(f"{error.filename or 'The output'} cannot be written: {error.strerror}")
            _give_up_output()
        else:
            console.say(f"This is a defect of Hacienda: {type(error).__name__}. Details: {_log()}")
    sys.exit(3)


def _give_up_output() -> None:
    """Discard further output: its reader has ended, or there is no space for it. Python would report that again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _log() -> str:
    """Write the current exception's traceback to a file that only this user can read; returns the path."""
    descriptor, path = tempfile.mkstemp(prefix="hacienda-", suffix=".log")
    # Paths may be no valid text, and the operator's encoding may lack characters.
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"{' '.join(sys.argv)}\n\n{traceback.format_exc()}")
    return path
