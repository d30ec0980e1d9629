"""A release's own check of a cloud, `<project>-status upgrade check`: asked once for each version of a package.

A service has the parts by `api.files`, `api.SCRIPTS` and `api.assumptions`, and declares `facts`, `units` and `sandbox` itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from hacienda.declare import Assumption, Instead, Sandbox, Script, Template
from hacienda.declare.sandbox import ASKS_FOR_ADDRESSES

SCRIPTS = tuple(Script(name, source=f"../openstack/{name}") for name in ("upgrade-check.sh", "upgrade_check.py"))


def units(name: str) -> tuple[str, ...]:
    """Units that start after a service of that name has converged."""
    return (f"{name}-upgrade-check.service",)


def files(name: str) -> tuple[Template, ...]:
    """The units."""
    return tuple(
        Template(
            f"/etc/systemd/system/{unit}",
            checker="systemd-analyze",
            source="../openstack/upgrade-check.service.j2",
            on_change="none",
        )
        for unit in units(name)
    )


def facts(name: str, configuration: str) -> Mapping[str, str]:
    """Facts for upgrade-check.sh.

    Args:
        name: the service's name, which is the project's.
        configuration: the file that the project's tool reads.
    """
    return {
        "upgrade_check": f"{name}.cmd.status --config-file {configuration}",
        "upgrade_package": f"python3-{name}",
    }


def sandbox(name: str) -> Sandbox:
    """The sandbox of the unit."""
    (unit,) = units(name)
    return Sandbox(
        unit,
        ceiling=2.7,
        writes=("/var/lib/hacienda", f"/var/lib/{name}", f"/var/log/{name}"),
        instead=(
            Instead("MemoryDenyWriteExecute", "", "Python's foreign functions write code"),
            ASKS_FOR_ADDRESSES,
            Instead(
                "CapabilityBoundingSet", "CAP_SETGID CAP_SETUID", "it runs the project's tool as the service's user"
            ),
        ),
    )


def assumptions(name: str) -> tuple[Assumption, ...]:
    """What the check relies on."""
    return (
        Assumption(
            f"python3-{name}",
            "line",
            f"/usr/lib/python3/dist-packages/{name}/cmd/status.py",
            r"^def main\(\):",
            reason="upgrade_check.py runs the release's own check in its own process",
        ),
    )
