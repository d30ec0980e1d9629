"""Runs make's targets of a fresh clone on a machine that has nothing or on this one, or makes a first use of every Python here.

    make fresh ON="debian-12 demo"
    make fresh ON="debian-13 demo test lab lab-down"
    make fresh ON="clone test-long"
    make fresh ON=pythons

A bare root is bootstrapped with the packages of the day and what the README says to install. It has namespaces of its own: no
program of this machine is on its PATH, and everything in it ends with this program. What is committed is what is tried.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from hacienda import errors
from tests.fresh import bare, pythons
from tests.fresh.workspace import workspace


def main() -> int:
    """Exit code 0: all passed; 1: something did not, or could not be tried."""
    arguments = _parser().parse_args()
    signal.signal(signal.SIGTERM, _ended)
    signal.signal(signal.SIGHUP, _ended)
    if subprocess.run(["git", "-C", str(bare.ROOT), "diff", "--quiet", "HEAD"], check=False).returncode != 0:
        print("== not committed, so not tried: git diff HEAD", flush=True)
    begun = time.monotonic()
    try:
        code = {"pythons": _pythons, "clone": _clone}.get(arguments.root, _bare)(arguments)
    except errors.ToolError as error:
        print(f"{error.message} {error.fix or ''}", file=sys.stderr)
        code = 1
    except subprocess.TimeoutExpired as late:
        print(f"not done within {late.timeout:.0f} s", file=sys.stderr)
        code = 1
    print(f"== {arguments.root}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
    return min(code, 1)


def _bare(arguments: argparse.Namespace) -> int:
    if os.geteuid() != 0:
        raise errors.ToolError("A bare root needs root: it is bootstrapped and mounted.", "Run it with sudo.")
    release = bare.RELEASES[arguments.root]
    targets = arguments.targets or ["demo"]
    if lacking := bare.needs(release, targets):
        raise errors.ToolError(f"This machine lacks: {'; '.join(lacking)}.")
    with workspace(arguments.folder, arguments.root, keep=arguments.keep) as folder:
        begun = time.monotonic()
        bare.build(release, folder / "root", arguments.mirror, arguments.seconds)
        print(f"== {arguments.root}: bootstrapped in {time.monotonic() - begun:.0f} s", flush=True)
        return bare.make(folder / "root", targets, arguments.seconds)


def _pythons(arguments: argparse.Namespace) -> int:
    found = {version: pythons.find(version) for version in pythons.versions()}
    missing = [version for version, program in found.items() if program is None]
    if missing:
        print(f"== not tried, this machine does not have it: Python {', '.join(missing)}", flush=True)
    code = 0
    for version, program in found.items():
        if program is None or version in arguments.without:
            continue
        begun = time.monotonic()
        with workspace(arguments.folder, f"python-{version}", keep=arguments.keep) as folder:
            failed = pythons.smoke(program, folder, arguments.seconds)
        took = time.monotonic() - begun
        print(f"== Python {version} ({program}): {'FAILED' if failed else 'passed'} in {took:.0f} s", flush=True)
        code = code or failed
    return code


def _clone(arguments: argparse.Namespace) -> int:
    commands = [pythons.make(target, sys.executable) for target in arguments.targets or ["demo"]]
    with workspace(arguments.folder, arguments.root, keep=arguments.keep) as folder:
        return pythons.run(folder, commands, arguments.seconds)


def _ended(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "tests.fresh", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", choices=[*bare.RELEASES, "clone", "pythons"])
    parser.add_argument(
        "targets", nargs="*", help="make's targets, one after the other in the same root; default: demo"
    )
    parser.add_argument("--mirror", help="the archive to bootstrap from; default: the one that this machine's apt uses")
    parser.add_argument("--seconds", type=int, default=3600, help="how long each step may take; default: %(default)s")
    parser.add_argument(
        "--folder", type=Path, default=Path("/var/tmp/hacienda-fresh"), help="for the roots; default: %(default)s"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the folder for somebody to look into; the next run removes it"
    )
    parser.add_argument("--without", nargs="*", default=[], metavar="VERSION", help="Pythons that are tried elsewhere")
    return parser


if __name__ == "__main__":
    sys.exit(main())
