"""hacienda-leave: removes a dead or leaving member from every cluster, on a surviving node."""

from __future__ import annotations

import argparse
import os
import subprocess

from hacienda.cloudinit.node import installed, paths, scripts
from hacienda.cloudinit.node.scripts import Outcome

CHECK_SECONDS = 30.0
LEAVE_SECONDS = 120.0
"""Seconds for one script. RabbitMQ asks the other nodes before it forgets a dead one, which may take a minute."""

_RELEASE = '. "$HACIENDA_LIB/lib.sh"; release_node "$1"'


def main() -> int:
    """Runs the command line; exit codes: 0 success, 1 a group refuses or failed."""
    parser = argparse.ArgumentParser(prog="hacienda-leave", description=__doc__)
    parser.add_argument("node", nargs="?", help="name of the dead or leaving node")
    parser.add_argument("groups", nargs="*", help="services to leave; default: all")
    parser.add_argument(
        "--check", action="store_true", help="only report whether each quorum survives without the node"
    )
    parser.add_argument(
        "--drain", action="store_true", help="move what the node holds elsewhere; call it until all is ok"
    )
    parser.add_argument("--stay", action="store_true", help="undo --drain")
    parser.add_argument(
        "--self", action="store_true", dest="own", help="stop this node's services, and keep them stopped"
    )
    parser.add_argument("--json", action="store_true", help="as a JSON array")
    arguments = parser.parse_args()
    services = installed.load().services
    if arguments.own:
        return _stop(services)
    if not arguments.node:
        parser.error("which node?")
    absent = [name for name in arguments.groups if name not in services]
    if absent:
        unknown = (
            Outcome(name, False, "does not run on this node", "run this on a node that runs it") for name in absent
        )
        return scripts.show(unknown, arguments.json)
    names = [name for name in services if not arguments.groups or name in arguments.groups]
    names = [name for name in reversed(names) if scripts.has(name, "HACIENDA_LEAVE")]
    for mode, seconds in (("check", CHECK_SECONDS), ("drain", LEAVE_SECONDS), ("stay", LEAVE_SECONDS)):
        if getattr(arguments, mode):
            found = [scripts.run(name, "HACIENDA_LEAVE", (f"--{mode}", arguments.node), seconds) for name in names]
            return scripts.show(found, arguments.json)
    # etcd comes last, because the other scripts may use it and release locks in it.
    found = [scripts.run(name, "HACIENDA_LEAVE", (arguments.node,), LEAVE_SECONDS) for name in names]
    return scripts.show([_release(arguments.node), *found], arguments.json)


def _release(node: str) -> Outcome:
    environment = {**os.environ, "HACIENDA_LIB": str(paths.LIB)}
    command = ["/bin/bash", "-euc", _RELEASE, "hacienda", node]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        return Outcome("locks and claims", True, "released")
    return Outcome("locks and claims", False, "etcd does not answer", "run hacienda-verify etcd, then try again")


def _stop(services: dict[str, tuple[str, ...]]) -> int:
    subprocess.run(["systemctl", "disable", "--quiet", "hacienda.target"], check=False)
    for name, units in reversed(services.items()):
        subprocess.run(["systemctl", "stop", f"hacienda-{name}.service", *reversed(units)], check=False)
    return 0
