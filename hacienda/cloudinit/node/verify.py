"""hacienda-verify: checks whether this node's part of each service is healthy."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from hacienda.cloudinit.node import assumptions, installed, owed, scripts, systemd
from hacienda.cloudinit.node.scripts import Outcome

SECONDS = float(os.environ.get("HACIENDA_VERIFY_SECONDS", "20"))
"""Time limit of one verify script. RabbitMQ's tool alone takes 1 s, and over 10 s on a machine with a load of eight times its
cores."""

AT_ONCE = 4 * (os.cpu_count() or 1)
"""Scripts that run at the same time. More would only wait for one another, with the time limit running."""
LINES = 200
"""Lines of the journal among which the last one of each service is looked for."""


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
    busy = [name for name in services if name in pending or not states[f"hacienda-{name}.service"].done]
    said = last_lines(busy)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda name: _one(name, said.get(name), pending, lacks.get(name), local), services))


def _one(
    name: str, said: str | None, pending: Mapping[str, str], lack: assumptions.Lack | None, local: bool
) -> Outcome:
    if lack is not None:
        return Outcome(name, False, lack.wrong, lack.fix)
    if said is not None:
        owes = f", needs a {pending[name]}" if name in pending else ""
        return Outcome(name, False, f"still converging{owes}: {said}", f"journalctl -u hacienda-{name}.service")
    return scripts.run(name, "HACIENDA_VERIFY", ("--local",) if local else (), SECONDS)


def last_lines(services: Sequence[str]) -> dict[str, str]:
    """Service -> the last line in the journal of its unit. One run of journalctl for all, because each takes as long as a check."""
    if not services:
        return {}
    # By identifier, not by unit: systemd's own messages about the unit do not help.
    identifiers = [f"--identifier=hacienda-{name}" for name in services]
    fields = "--output-fields=MESSAGE,SYSLOG_IDENTIFIER"
    command = [
        "journalctl",
        "--boot",
        *identifiers,
        f"--lines={LINES}",
        "--output=json",
        fields,
        "--no-pager",
        "--quiet",
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return dict.fromkeys(services, "its journal cannot be read")
    entries = [json.loads(line) for line in answer.stdout.splitlines()]
    # The journal shows a message that is no text as a list of bytes.
    said = {
        entry["SYSLOG_IDENTIFIER"].removeprefix("hacienda-"): str(entry.get("MESSAGE") or "").strip()
        for entry in entries
    }
    return {name: said.get(name) or "nothing new in its journal" for name in services}
