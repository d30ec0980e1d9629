"""hacienda-diagnose: faults of this machine itself, independent of its services' reports."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from hacienda.cloudinit.node import (
    assumptions,
    certificates,
    clock,
    daemons,
    facts,
    installed,
    neighbours,
    paths,
    storage,
    upgrades,
)
from hacienda.cloudinit.node.failure import StepError
from hacienda.cloudinit.node.fault import Fault


def main() -> int:
    """Runs the command line; exit codes: 0 no fault, 1 a fault."""
    parser = argparse.ArgumentParser(prog="hacienda-diagnose", description=__doc__)
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    arguments = parser.parse_args()
    lost, found = examine()
    if arguments.json:
        # The clock comes last, because the reader compares it with the time at which the answer arrives.
        answer = {
            "faults": [asdict(one) for one in found],
            "unreached": [asdict(one) for one in lost],
            "packages": assumptions.versions(),
            "time": time.time(),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
    else:
        for one in found:
            sys.stdout.write(f"FAIL  {one.what}\n      {one.fix}\n")
        for neighbour in lost:
            where = f"{neighbour.network} ({neighbour.address})"
            sys.stdout.write(f"FAIL  {neighbour.node} does not answer on {where}\n")
    return 1 if found or lost else 0


def examine() -> tuple[tuple[neighbours.Neighbour, ...], list[Fault]]:
    """Neighbours that this node does not reach, and its own faults. A failed examination is a fault as well."""
    record = installed.load()
    node = facts.of_node()
    leaves = certificates.of(((path, entry.service) for path, entry in record.files.items()), paths.ROOT)
    lost: list[neighbours.Neighbour] = []

    def network() -> Iterable[Fault]:
        # Every installed node has a list of neighbours, which may be empty. Without a list the node would ping none.
        lost.extend(neighbours.unreached(neighbours.parse(node["HACIENDA_NEIGHBOURS"] if record.node else "")))
        return ()

    examinations: tuple[tuple[str, Callable[[], Iterable[Fault]]], ...] = (
        ("the disks", lambda: storage.faults(_written(tuple(record.services)))),
        ("the clock", lambda: clock.faults(container=node.get("HACIENDA_CONTAINER") == "1")),
        ("the certificates", lambda: certificates.faults(leaves, record.environment)),
        ("the daemons", lambda: daemons.faults(record.services)),
        ("the upgrades", lambda: _upgrades(record.services)),
        ("the network", network),
    )
    found: list[Fault] = []
    for what, examination in examinations:
        try:
            found += examination()
        except (OSError, ValueError, KeyError, StepError, subprocess.SubprocessError) as error:
            said = f"{what} cannot be examined: {type(error).__name__}: {error}"
            found.append(Fault("unknown", said, "hacienda-diagnose on this node shows it again"))
    return tuple(lost), found


def _upgrades(services: Iterable[str]) -> list[Fault]:
    """Programs that would upgrade or restart voters, if the service that manages them is installed."""
    if "host" not in services:
        return []
    host = facts.of_service("host")
    return upgrades.faults(host["HELD"].split(), host["HELD_SERVICES"].split())


def _written(services: tuple[str, ...]) -> dict[Path, tuple[str, ...]]:
    """Folders to which the node's services write: their own data, and folders that all of them need."""
    own = {name: facts.of_service(name)["HACIENDA_DATA"].split() for name in services}
    found: dict[Path, tuple[str, ...]] = {paths.ROOT / path: () for path in ("var/lib/hacienda", "var/log", "etc")}
    for name, folders in own.items():
        for folder in folders:
            path = paths.ROOT / folder.lstrip("/")
            found[path] = (*found.get(path, ()), name)
    return found
