"""How often parts fail and for how long, each figure with its source. An estimate prints all of these figures."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

HOURS_PER_YEAR = 8760.0
MINUTES_PER_YEAR = 525600.0


@dataclass(frozen=True)
class Rate:
    """How a kind of part fails.

    Args:
        mtbf: mean hours from one failure to the next, without the repair.
        mttr: mean hours until it works again.
        source: source of the two figures.
        assumed: True: one of them is our assumption, not a published figure.
    """

    mtbf: float
    mttr: float
    source: str
    assumed: bool = False

    @property
    def unavailability(self) -> float:
        """Share of the time in which the part does not work: MTTR / (MTBF + MTTR)."""
        return self.mttr / (self.mtbf + self.mttr)

    def share(self, part: float) -> Rate:
        """The rate if only a share of the failures counts, from 0 (exclusive) to 1."""
        return Rate(self.mtbf / part, self.mttr, self.source, self.assumed)


_NGUYEN = "Nguyen et al. 2014"
_GILL = "Gill et al., SIGCOMM 2011"


@dataclass(frozen=True)
class Assumptions:
    """Every figure that an estimate uses.

    Args:
        machine: a bare-metal machine.
        hypervisor: the hypervisor of a named host, whose machines are virtual machines or containers.
        virtual_machine: a virtual machine or container without its host.
        process: one daemon on one machine.
        rack_switch: the top-of-rack switch.
        aggregation: a switch that connects racks. With two or more racks there are two such switches.
        power_feed: the power feed of a rack, or of the machines of a `power` domain.
        zone: a site or zone as a whole.
        common_cause: share (0 to 1) of the failures of a kind of part that hit all such parts at once (beta).
        coverage: share (0 to 1) of failovers that succeed automatically (c).
        failover_seconds: seconds of a failover whose timers are not known.
        manual_hours: hours until a person has completed a failover that failed.
        copying_hours: hours of one machine to copy all that another one held. Machines share that work.
        power_feeds: power feeds of each rack; one is enough.
        rack_switches: switches of each rack if the management network has no bond.
    """

    machine: Rate = Rate(8760, 8, f"{_NGUYEN} for hosts; repair from a spare in 8 h (72 h without one)", assumed=True)
    hypervisor: Rate = Rate(2654, 100 / 60, _NGUYEN)
    virtual_machine: Rate = Rate(2893, 0.5, _NGUYEN)
    process: Rate = Rate(4380, 4 / 60, "two crashes a year; 19 of 20 restarted within a minute, else 1 h", assumed=True)
    rack_switch: Rate = Rate(HOURS_PER_YEAR / 0.05, 8, f"{_GILL}: 5 % a year; repair in 8 h from a spare", assumed=True)
    aggregation: Rate = Rate(HOURS_PER_YEAR / 0.10, 8, f"{_GILL}: 10 % a year; repair in 8 h", assumed=True)
    power_feed: Rate = Rate(10 * HOURS_PER_YEAR, 4, "one failure in ten years, 4 h", assumed=True)
    zone: Rate = Rate(10 * HOURS_PER_YEAR, 4, "one failure in ten years, 4 h", assumed=True)
    common_cause: float = 0.05
    coverage: float = 0.95
    failover_seconds: float = 10.0
    manual_hours: float = 1.0
    copying_hours: float = 24.0
    power_feeds: int = 1
    rack_switches: int = 1

    def listed(self) -> tuple[dict[str, Any], ...]:
        """Each figure as plain data: `name`, `value` in words, `source`, `assumed`."""
        return tuple(self._told(field.name, getattr(self, field.name)) for field in fields(self))

    def _told(self, name: str, value: Rate | float) -> dict[str, Any]:
        title = name.replace("_", " ")
        if isinstance(value, Rate):
            said = f"fails every {value.mtbf:,.0f} h for {hours(value.mttr)}"
            return {"name": title, "value": said, "source": value.source, "assumed": value.assumed}
        said, source = _SINGLE[name]
        return {"name": title, "value": said.format(value, value * 100), "source": source, "assumed": True}


_SINGLE = {
    "common_cause": ("{1:g} % of failures hit all like parts at once", "assumption; IEC 61508-6 has 0.5 to 10 %"),
    "coverage": ("{1:g} % of failovers succeed automatically", "assumption"),
    "failover_seconds": ("{0:g} s if no timer is known", "assumption; `hacienda timers` shows the others"),
    "manual_hours": ("{0:g} h until a failed failover is completed by hand", "assumption"),
    "copying_hours": (
        "{0:g} h to copy what a lost machine held, shared by the others",
        "assumption; 43 TB at 0.5 GB/s",
    ),
    "power_feeds": ("{0:g} per rack, one is enough", "assumption"),
    "rack_switches": ("{0:g} per rack, 2 if the management network is bonded", "assumption"),
}


def minutes_per_year(unavailability: float) -> float:
    """Downtime in minutes a year."""
    return unavailability * MINUTES_PER_YEAR


def hours(value: float) -> str:
    """A time in a suitable unit: `8 h`, `30 min`, `10 s`."""
    if value >= 1 and value == round(value, 1):
        return f"{value:g} h"
    return f"{value * 60:.3g} min" if value * 60 >= 1 else f"{value * 3600:.3g} s"
