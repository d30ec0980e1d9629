"""Daemons that do not run, or that restart repeatedly."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from hacienda.cloudinit.node.fault import Fault

_PROPERTIES = "Id,LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,InactiveEnterTimestamp"


def faults(services: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """A fault for each daemon that does not run. A daemon that is still starting is not a fault.

    Args:
        services: service -> its units.
    """
    owners = {unit: service for service, units in services.items() for unit in units}
    if not owners:
        return []
    command = ["systemctl", "show", f"--property={_PROPERTIES}", *owners]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    found = []
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in shown.strip().split("\n\n")
    ]
    # Answers come in the order of the arguments. A unit without an answer is an error, not a healthy unit.
    for name, unit in zip(owners, blocks, strict=True):
        what = _wrong(unit)
        if what:
            fix = f"journalctl -u {name} on this node says why; systemctl restart hacienda-{owners[name]} starts it"
            found.append(Fault("daemon", f"{name} {what}", fix, (owners[name],)))
    return found


def _wrong(unit: Mapping[str, str]) -> str:
    if unit.get("LoadState") == "not-found":
        return "does not exist here: its package is missing"
    active, sub = unit["ActiveState"], unit["SubState"]
    ended = _ended(unit)
    if sub.startswith("auto-restart"):
        return f"restarts repeatedly ({unit.get('NRestarts', '?')} times): {ended}"
    if active in ("failed", "inactive"):
        # systemd forgets the end of a unit that no other unit refers to.
        since = unit.get("InactiveEnterTimestamp")
        return f"is not running{f' since {since}' if since else ''}: {ended}"
    return ""


def _ended(unit: Mapping[str, str]) -> str:
    result, status = unit.get("Result", ""), unit.get("ExecMainStatus", "0")
    words = {
        "success": "it was stopped, or never started",
        "exit-code": f"it ended with exit code {status}",
        "signal": f"it was killed by signal {status}",
        "core-dump": f"it crashed by signal {status}",
        "oom-kill": "the kernel killed it because memory ran out",
        "timeout": "it did not start or stop in time",
        "start-limit-hit": "it failed too often",
    }
    return words.get(result, result or "unknown")
