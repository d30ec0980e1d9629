"""hacienda-apply: installs this node's bundle, and reports what is installed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from hacienda.cloudinit.node.failure import BadBundleError, StepError
from hacienda.cloudinit.node.status import status


def main() -> int:
    """Runs the command line; exit codes: 0 success, 2 bad bundle (nothing changed), 3 a local step failed."""
    parser = argparse.ArgumentParser(prog="hacienda-apply", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install", help="install a delivery, or the last one again")
    installing.add_argument("--from", dest="delivery", type=Path, help="folder of an unpacked delivery")
    installing.add_argument("--json", action="store_true", help="print the status afterwards")
    reading = commands.add_parser("status", help="report what is installed")
    reading.add_argument("--json", action="store_true", help="as one JSON object")
    arguments = parser.parse_args()
    code = 0
    try:
        if arguments.command == "install":
            # Every plan asks every node for its status. These modules would be a tenth of its cost.
            from hacienda.cloudinit.node.install import install

            install(arguments.delivery)
    except BadBundleError as error:
        sys.stderr.write(f"bad bundle: {error}\n")
        return 2
    except (StepError, OSError) as error:
        sys.stderr.write(f"failed: {error}\n")
        code = 3
    if arguments.json:
        sys.stdout.write(json.dumps(status(), sort_keys=True) + "\n")
    elif arguments.command == "status":
        _print()
    return code


def _print() -> None:
    found = status()
    sys.stdout.write(f"{found['node']}: {'converged' if found['converged'] else 'not converged'}\n")
    if found["error"]:
        sys.stdout.write(f"  last installation: {found['error']}\n")
    for unit in found["failed"]:
        sys.stdout.write(f"  failed: {unit} (journalctl -u {unit})\n")
    for service, action in found["pending"].items():
        sys.stdout.write(f"  {service} still needs a {action}\n")
    for path, state in found["files"].items():
        if state == "missing" or state.startswith("drifted:"):
            sys.stdout.write(f"  {path}: {state}\n")
