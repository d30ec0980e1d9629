"""hacienda-assumptions: do the services' assumptions about their packages still hold? Checked again whenever packages
change."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hacienda.cloudinit.node import disk, holds, installed, paths
from hacienda.cloudinit.node.failure import StepError

DPKG = paths.ROOT / "var/lib/dpkg/status"


@dataclass(frozen=True)
class Lack:
    """One assumption that does not hold: its service, what is wrong, and the fix."""

    service: str
    wrong: str
    fix: str


def require(assumptions: Iterable[dict[str, str]]) -> None:
    """Stops an installation before it changes a cluster.

    Raises:
        StepError: assumptions do not hold; it names them all.
    """
    lacks = check(list(assumptions))
    if lacks:
        raise StepError("\n".join(f"{lack.wrong}|{lack.fix}" for lack in lacks))


def current() -> list[Lack]:
    """The installed bundle's assumptions that do not hold. Unchanged packages are not examined again."""
    manifest = disk.read_state(paths.CURRENT / "manifest.json") or {}
    return check(manifest.get("assumptions", []))


def _services() -> set[str]:
    """Services of the installed bundle."""
    manifest = disk.read_state(paths.CURRENT / "manifest.json") or {}
    return {service["name"] for service in manifest.get("services", ())}


def versions() -> dict[str, str]:
    """Package name -> version, of the packages that the installed bundle needs or relies on."""
    manifest = disk.read_state(paths.CURRENT / "manifest.json") or {}
    named = {*manifest.get("packages", ()), *(each["package"] for each in manifest.get("assumptions", ()))}
    return holds.installed(named) if named else {}


def check(assumptions: list[dict[str, str]]) -> list[Lack]:
    """Checks assumptions, unless the same were checked with the same packages. Records the answer, and the versions in
    which all hold."""
    key = _key(assumptions)
    known: dict[str, Any] = disk.read_state(paths.ASSUMPTIONS) or {}
    if known.get("key") != key:
        found = holds.broken(assumptions, paths.ROOT)
        named = {assumption["package"] for assumption in assumptions}
        well = known.get("well", {}) if found else holds.installed(named)
        known = {"key": key, "broken": found, "well": well}
        if not any(holds.UNANSWERED in lack for lack in found):
            disk.write_state(paths.ASSUMPTIONS, known)
    return [
        Lack(lack["service"], *holds.told(lack, known["well"].get(lack["package"], ""))) for lack in known["broken"]
    ]


def _key(assumptions: list[dict[str, str]]) -> str:
    """The inputs of the answer. dpkg rewrites its status file at each change."""
    text = json.dumps(assumptions, sort_keys=True)
    try:
        status = DPKG.stat()
        text += f"{status.st_mtime_ns} {status.st_size}"
    except FileNotFoundError:
        pass
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> int:
    """Runs the command line; exit codes: 0 everything holds, 1 something does not."""
    parser = argparse.ArgumentParser(prog="hacienda-assumptions", description=__doc__)
    parser.add_argument("services", nargs="*", help="services whose assumptions to check; default: all")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.services) - _services()) if arguments.services else []
    if unknown:
        sys.stdout.write(f"there are no known assumptions of {' '.join(unknown)}|hacienda-apply install\n")
        return 1
    # The upgrade of a package may have given its configuration folder to its daemon's user again.
    installed.secure()
    lacks = [lack for lack in current() if not arguments.services or lack.service in arguments.services]
    for lack in lacks:
        sys.stdout.write(f"{lack.wrong}|{lack.fix}\n")
    return 1 if lacks else 0
