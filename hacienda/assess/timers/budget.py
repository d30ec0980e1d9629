"""The budget: every failure with its measurements, and the contradictions between times."""

from __future__ import annotations

from collections.abc import Sequence

from hacienda.assess.timers import contradictions, failures, readings
from hacienda.assess.timers.model import Budget, Drill, Line
from hacienda.cloud.model import Cloud


def budget(cloud: Cloud, drills: Sequence[Drill] = ()) -> Budget:
    """How long clients notice each failure of a cloud at worst.

    Args:
        cloud: the resolved cloud.
        drills: measurements (`measured.load`).
    """
    read = readings.read(cloud)
    found = tuple(failures.failures(cloud, read))
    lines = tuple(Line(one, tuple(drill for drill in drills if drill.name in one.drills)) for one in found)
    known = {name for one in found for name in one.drills}
    return Budget(
        environment=cloud.name,
        lines=lines,
        contradictions=(*contradictions.contradictions(cloud, read, found), *contradictions.measured(lines)),
        others=tuple(drill for drill in drills if drill.name not in known),
    )
