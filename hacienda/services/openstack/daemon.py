"""Daemons of a service that are no API: their units.

The template `templates/openstack/daemon.service.j2` is a whole unit. It reads the variable `daemons`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hacienda.declare import Instead, Sandbox, Template


@dataclass(frozen=True)
class Daemon:
    """One daemon.

    Args:
        name: name of its unit, without the suffix, and of its folder in /run.
        title: the unit's description.
        command: its program and arguments.
        user: user and group that it runs as.
        environment: further environment variables.
        stop_seconds: seconds that it may take to finish its work when it is stopped.
    """

    name: str
    title: str
    command: str
    user: str
    environment: Mapping[str, str] | None = None
    stop_seconds: int = 60

    @property
    def unit(self) -> str:
        """The unit's name."""
        return f"{self.name}.service"

    def template(self) -> Template:
        """The unit."""
        return Template(
            f"/etc/systemd/system/{self.unit}", checker="systemd-analyze", source="../openstack/daemon.service.j2"
        )

    def sandbox(self, *instead: Instead, ceiling: float = 2.5, writes: tuple[str, ...] = ()) -> Sandbox:
        """The unit's sandbox.

        Args:
            instead: further exceptions.
            ceiling: as of Sandbox.
            writes: folders that it writes to besides /var/lib/<user>.
        """
        writing = Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code")
        return Sandbox(
            self.unit, ceiling=ceiling, writes=(f"/var/lib/{self.user}", *writes), instead=(writing, *instead)
        )


def variables(*daemons: Daemon) -> Mapping[str, Any]:
    """Variables of the template: `daemons`, unit -> daemon."""
    return {"daemons": {daemon.unit: daemon for daemon in daemons}}
