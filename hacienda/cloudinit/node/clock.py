"""The difference between this node's clock and the time servers, as chronyd measures it."""

from __future__ import annotations

import subprocess

from hacienda.cloudinit.node.fault import Fault

FURTHEST = 1.0
"""Difference in seconds that is a fault, because certificates, tokens and leases depend on the clock. chrony's verify
allows 0.05."""


def faults(*, container: bool) -> list[Fault]:
    """A fault if the clock is wrong. Nothing if chronyd does not answer or has no source, because other checks report
    that.

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
    # Fields: reference, its name, stratum, its time, then the difference of the system's clock (chronyc(1), tracking).
    if done.returncode != 0 or len(fields) < 14 or fields[-1] == "Not synchronised":
        return []
    # chronyc prints by how much the time servers are ahead.
    ahead = -float(fields[4])
    if abs(ahead) < FURTHEST:
        return []
    fix = (
        "set the clock of the container host, which this machine uses"
        if container
        else "chronyc -n sources -v on this node shows its sources; `chronyc makestep` sets the clock at once"
    )
    word = "ahead of" if ahead > 0 else "behind"
    return [Fault("clock", f"the clock is {abs(ahead):.1f} s {word} the time servers ({fields[1]})", fix)]
