"""The application: its commands, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from typing import NoReturn

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
)
from hacienda.errors import HaciendaError

INTERRUPTED = 130
"""What a shell calls the exit code of a program that SIGINT ended; Typer uses it for KeyboardInterrupt."""

app = typer.Typer(
    name="hacienda",
    help="One environment file in, a highly available OpenStack cloud out.",
    epilog="Exit codes: 0 fine, 1 the cloud is unwell, 2 bad input, 3 a tool is missing or failed, 4 the guard refuses.",
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
app.add_typer(lab.app, name="lab")
app.add_typer(secrets.app, name="secrets")


def main() -> NoReturn:
    """Run a command; every way out of it is one of the exit codes, and never a traceback."""
    try:
        app(prog_name="hacienda")
    except HaciendaError as error:
        console.fail(error)
        sys.exit(error.exit_code)
    except SystemExit as leaving:
        if leaving.code != INTERRUPTED:
            raise
        console.say("interrupted")
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more while it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001 (the last resort: the operator gets one line, the log the rest)
        console.say(f"This is a defect of Hacienda: {type(error).__name__}. Details: {_log()}")
    sys.exit(3)


def _log() -> str:
    """Write the traceback of the present exception to a file that only we can read; its path."""
    descriptor, path = tempfile.mkstemp(prefix="hacienda-", suffix=".log")
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{' '.join(sys.argv)}\n\n{traceback.format_exc()}")
    return path
