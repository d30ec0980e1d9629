"""Daemons that report to the database that they live. Without a report they count as dead, and get no work.

The template `templates/openstack/reports.j2` is two lines of the section `DEFAULT`.
"""

from __future__ import annotations

from hacienda.declare import Timer

INTERVAL_SECONDS = 10
"""Between reports. Default of Nova and Cinder."""
DOWN_SECONDS = 60
"""Without a report, after which a daemon counts as dead. Default of Nova and Cinder."""


def timers(configuration: str, down_seconds: int = DOWN_SECONDS) -> tuple[Timer, ...]:
    """Timers of the reports.

    Args:
        configuration: path of the file that includes the template.
        down_seconds: seconds without a report after which a daemon counts as dead. They leave room for a report that waits until
            the database or the message queue has failed over.
    """
    return (
        Timer("report_interval", INTERVAL_SECONDS, configuration),
        Timer("service_down_time", down_seconds, configuration),
    )
