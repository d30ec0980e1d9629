"""How far this node's clock is from the time servers, as chronyd sees it."""

from __future__ import annotations

import subprocess

from hacienda.cloudinit.node.fault import Fault

FURTHEST = 1.0
"""Seconds off that are a cause of trouble: certificates, tokens and leases are judged by it. chrony's own verification asks for
0.05."""


def faults(*, container: bool) -> list[Fault]:
    """A fault where the clock is off. Nothing where chronyd does not answer or follows nobody: others say that.

    Args:
        container: the clock is the container host's.
    """
    try:
        done = subprocess.run(
            ["chronyc", "-n", "-c", "tracking"], capture_output=True, text=True, timeout=5, check=False
        )
    except FileNotFoundError:
        return []
    fields = done.stdout.strip().split(",")
    # Reference, its name, stratum, its time, then how far the system's clock is from it (chronyc(1), tracking).
    if done.returncode != 0 or len(fields) < 14 or fields[-1] == "Not synchronised":
        return []
    # chronyc prints how far the time servers are ahead.
    ahead = -float(fields[4])
    if abs(ahead) < FURTHEST:
        return []
    fix = (
        "set the clock of the container host: it is this machine's"
        if container
        else "chronyc -n sources -v on this node shows whom it follows; `chronyc makestep` sets the clock at once"
    )
    word = "ahead of" if ahead > 0 else "behind"
    return [Fault("clock", f"the clock is {abs(ahead):.1f} s {word} the time servers ({fields[1]})", fix)]
