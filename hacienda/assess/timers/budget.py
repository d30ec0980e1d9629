"""The budget: every failure with what was measured of it, and what contradicts what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hacienda import services
from hacienda.assess.timers import contradictions, failures, readings
from hacienda.assess.timers.model import Budget, Drill, Line
from hacienda.cloud.model import Cloud
from hacienda.cloudinit.rendered import RenderedFile


def budget(
    cloud: Cloud,
    rendered: Mapping[str, Sequence[RenderedFile]] | None = None,
    drills: Sequence[Drill] = (),
    templates: Path = services.TEMPLATES,
) -> Budget:
    """How long each failure of a cloud is felt at worst.

    Args:
        cloud: the resolved cloud.
        rendered: node -> its rendered files. Default: those that are looked at are rendered here.
        drills: what was measured (`measured.load`).
        templates: one folder per service with its templates and scripts.
    """
    read = readings.read(cloud, rendered, templates)
    found = tuple(failures.failures(cloud, read))
    lines = tuple(Line(one, tuple(drill for drill in drills if drill.name in one.drills)) for one in found)
    known = {name for one in found for name in one.drills}
    return Budget(
        environment=cloud.name,
        lines=lines,
        contradictions=(*contradictions.contradictions(cloud, read, found), *contradictions.measured(lines)),
        others=tuple(drill for drill in drills if drill.name not in known),
    )
