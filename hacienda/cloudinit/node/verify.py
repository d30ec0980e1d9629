"""hacienda-verify: checks whether this node's part of each service is healthy."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from hacienda.cloudinit.node import assumptions, installed, owed, scripts, systemd
from hacienda.cloudinit.node.scripts import Outcome

SECONDS = float(os.environ.get("HACIENDA_VERIFY_SECONDS", "20"))
"""Time limit of one verify script. They run at the same time. RabbitMQ's tool alone takes 1 s, and over 10 s on a
machine with a load of eight times its cores."""


def main() -> int:
    """Runs the command line; exit codes: 0 all healthy, 1 a service is unhealthy, or a named service does not run
    here."""
    parser = argparse.ArgumentParser(prog="hacienda-verify", description=__doc__)
    parser.add_argument("services", nargs="*", help="services of this node to check; default: all")
    parser.add_argument("--local", action="store_true", help="do not count absent members as a fault of this node")
    parser.add_argument("--json", action="store_true", help="as a JSON array")
    arguments = parser.parse_args()
    present = tuple(installed.load().services)
    wanted = tuple(name for name in present if not arguments.services or name in arguments.services)
    absent = [name for name in arguments.services if name not in present]
    for name in absent:
        sys.stderr.write(f"{name} does not run on this node\n")
    if not present:
        sys.stderr.write("nothing is installed on this node\n")
    return scripts.show(verify(wanted, local=arguments.local), arguments.json) or int(bool(absent) or not present)


def verify(services: tuple[str, ...], *, local: bool = False) -> list[Outcome]:
    """One outcome for each service, in order."""
    if not services:
        return []
    states = systemd.states(f"hacienda-{name}.service" for name in services)
    pending = owed.everything()
    lacks = {lack.service: lack for lack in reversed(assumptions.current())}
    with ThreadPoolExecutor(len(services)) as pool:
        return list(pool.map(lambda name: _one(name, states, pending, lacks.get(name), local), services))


def _one(
    name: str,
    states: Mapping[str, systemd.State],
    pending: Mapping[str, str],
    lack: assumptions.Lack | None,
    local: bool,
) -> Outcome:
    unit = f"hacienda-{name}.service"
    if lack is not None:
        return Outcome(name, False, lack.wrong, lack.fix)
    if not states[unit].done or name in pending:
        owes = f", needs a {pending[name]}" if name in pending else ""
        return Outcome(name, False, f"still converging{owes}: {_last_line(unit)}", f"journalctl -u {unit}")
    return scripts.run(name, "HACIENDA_VERIFY", ("--local",) if local else (), SECONDS)


def _last_line(unit: str) -> str:
    # By identifier, not by unit: systemd's own messages about the unit do not help.
    name = unit.removesuffix(".service")
    command = ["journalctl", "--boot", f"--identifier={name}", "--lines=1", "--output=cat", "--no-pager", "--quiet"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "its journal cannot be read"
    return answer.stdout.strip() or "nothing in its journal yet"
