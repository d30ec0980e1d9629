"""Runs a service's scripts with its facts and a time limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from hacienda.cloudinit.node import paths

_RUN = '. "$HACIENDA_LIB/lib.sh"; load_service "$1"; name=$(printenv "$2"); exec "$HACIENDA_LIB/$1/$name" "${@:3}"'
"""The facts name the script. Both come from the service's env file."""


AT_WORK = 75
"""Exit status of a script that has begun and must be called again: sysexits.h's EX_TEMPFAIL."""


@dataclass(frozen=True)
class Outcome:
    """The result of a script: one line of detail, and the fix if it is not ok. `working`: not yet, but nothing is wrong."""

    service: str
    ok: bool
    detail: str
    fix: str = ""
    working: bool = False


def run(service: str, variable: str, arguments: Iterable[str], seconds: float) -> Outcome:
    """Runs the script that the service's env file names in `variable`. After `seconds` the script and its child
    processes are killed."""
    command = ["/bin/bash", "-euc", _RUN, "hacienda", service, variable, *arguments]
    environment = {**os.environ, "HACIENDA_LIB": str(paths.LIB), "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        detail = f"no answer within {seconds:.0f} s{busy(os.getloadavg()[0], os.cpu_count() or 1)}"
        return Outcome(service, False, detail, f"journalctl -u hacienda-{service}.service")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if process.returncode == 0:
        return Outcome(service, True, lines[-1] if lines else "ok")
    if process.returncode == AT_WORK:
        return Outcome(service, False, lines[-1] if lines else "at work", working=True)
    told = next(
        (line for line in reversed(lines) if "|" in line), lines[-1] if lines else f"exit code {process.returncode}"
    )
    detail, _, fix = told.partition("|")
    return Outcome(service, False, detail, fix or f"journalctl -u hacienda-{service}.service")


def busy(load: float, cores: int) -> str:
    """Words about an overloaded machine; empty if load does not explain a late script."""
    return f"; the machine is busy, load {load:.0f} on {cores} cores" if load > 2 * cores else ""


def has(service: str, variable: str) -> bool:
    """Whether the service's env file names a script in `variable`."""
    text = (paths.ETC / "services" / f"{service}.env").read_text("utf-8")
    return any(line.startswith(f"{variable}=") and line != f"{variable}=''" for line in text.splitlines())


def show(outcomes: Iterable[Outcome], as_json: bool) -> int:
    """Prints outcomes; 0 when all are ok, else 1."""
    found = list(outcomes)
    if as_json:
        listed = [{key: value for key, value in asdict(one).items() if key != "working" or value} for one in found]
        sys.stdout.write(json.dumps(listed) + "\n")
    else:
        for outcome in found:
            sys.stdout.write(f"{'ok  ' if outcome.ok else 'FAIL'}  {outcome.service}: {outcome.detail}\n")
            if not outcome.ok:
                sys.stdout.write(f"      {outcome.fix}\n")
    return 0 if all(outcome.ok for outcome in found) else 1
