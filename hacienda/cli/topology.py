"""`hacienda topology`."""

from __future__ import annotations

from hacienda.cli import console, project
from hacienda.review import topology as pictures


def topology(env: project.Env) -> None:
    """Draw an environment: networks and virtual IPs, failure domains and their machines, who votes with whom."""
    console.out.print(pictures.draw(project.read(env)), soft_wrap=False)
