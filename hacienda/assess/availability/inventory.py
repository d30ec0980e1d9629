"""The parts that each machine of a cloud depends on: itself, its host, the switch and the power feed of its rack, its zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hacienda.assess.availability.figures import Assumptions, Rate
from hacienda.assess.availability.tree import All, AtLeast, Part, Tree
from hacienda.cloud.model import Cloud, Node

ASSUMED = "(one assumed)"
"""Stands for a rack that the file does not name. All machines of a zone are then in one rack, which is the worst case."""


def rack(node: Node) -> str:
    """Name of a machine's rack; if the file names none, the rack that is assumed for its zone."""
    zone = node.domains.get("zone", "")
    return node.domains.get("rack") or (f"{ASSUMED} in {zone}" if zone else ASSUMED)


def host(cloud: Cloud, node: Node) -> str:
    """The host of a virtual machine or container; empty: it is a physical machine."""
    return node.domains.get("host") or (ASSUMED if cloud.platform.containers else "")


class Inventory:
    """The parts that some machines of a cloud depend on, and common causes of parts of one kind.

    Args:
        cloud: the resolved cloud.
        assumptions: how parts fail.
        nodes: the machines of a path.
        daemons: service -> how many of these machines run a daemon of it that matters.
    """

    def __init__(
        self, cloud: Cloud, assumptions: Assumptions, nodes: Sequence[Node], daemons: Mapping[str, int]
    ) -> None:
        self._cloud = cloud
        self._figures = assumptions
        self._switches = 2 if cloud.management.bond is not None else assumptions.rack_switches
        racks = {rack(node) for node in nodes}
        hosts = {host(cloud, node) for node in nodes} - {""}
        self._racks = len(racks)
        self._counts = Counter(
            {
                "rack switches": len(racks) * self._switches,
                "aggregation switches": 2 if len(racks) > 1 else 0,
                "power feeds": len({self._feed(node) for node in nodes}) * assumptions.power_feeds,
                "hosts": len(hosts),
                "hypervisors": len(hosts),
                **Counter(self.label(node) for node in nodes),
                **daemons,
            }
        )
        self._rates: dict[str, Rate] = {}

    def machine(self, node: Node, remade: float | None = None) -> tuple[Tree, ...]:
        """Everything that must work for a machine to work, from the site down to the machine itself.

        Args:
            node: the machine.
            remade: hours after which other machines have made again what it held, so that its loss no longer counts. None: never.
        """
        place = rack(node)
        needed: list[Tree] = []
        if "zone" in node.domains:
            # Zones are built to fail independently: they have no common cause.
            needed.append(Part(f"zone {node.domains['zone']}", "zones", self._figures.zone))
        needed.append(
            self._redundant(f"switch of rack {place}", "rack switches", self._figures.rack_switch, self._switches)
        )
        feed = self._feed(node)
        needed.append(self._redundant(feed, "power feeds", self._figures.power_feed, self._figures.power_feeds))
        on = host(self._cloud, node)
        own = self._figures.machine
        if on:
            needed.append(self._part(f"host {on}", "hosts", self._figures.machine))
            needed.append(self._part(f"hypervisor of {on}", "hypervisors", self._figures.hypervisor))
            own = self._figures.virtual_machine
        itself = self._part(node.name, self.label(node), own, node.name)
        if remade is not None:
            itself = replace(itself, rate=replace(itself.rate, mttr=min(itself.rate.mttr, remade)))
        needed.append(itself)
        return tuple(needed)

    def process(self, service: str, node: Node) -> Part:
        """A service's daemon on a machine."""
        return self._part(f"{service} on {node.name}", service, self._figures.process, node.name)

    def between(self) -> tuple[Tree, ...]:
        """The switches that connect several racks."""
        if self._racks < 2:
            return ()
        return (self._redundant("aggregation switch", "aggregation switches", self._figures.aggregation, 2),)

    def common_causes(self) -> tuple[Part, ...]:
        """The common cause of each kind of part that was asked for and exists several times. It takes down all of them at once."""
        share = self._figures.common_cause
        return tuple(
            Part(f"all {label}", f"{label}: common cause", rate.share(share))
            for label, rate in self._rates.items()
            if share and self._counts[label] > 1
        )

    def _part(self, name: str, label: str, rate: Rate, node: str = "") -> Part:
        self._rates[label] = rate
        alone = self._counts[label] < 2
        return Part(name, label, rate if alone else rate.share(1 - self._figures.common_cause), node)

    def _redundant(self, name: str, label: str, rate: Rate, count: int) -> Tree:
        if count == 1:
            return self._part(name, label, rate)
        return AtLeast(1, tuple(self._part(f"{name} ({number})", label, rate) for number in range(1, count + 1)))

    @staticmethod
    def _feed(node: Node) -> str:
        power = node.domains.get("power")
        return f"feed {power}" if power else f"feed of rack {rack(node)}"

    @staticmethod
    def label(node: Node) -> str:
        """What machines of its kind are called."""
        return f"{node.role} machines"


def chain(machine: Sequence[Tree], *processes: Part) -> All:
    """A machine together with its daemons that matter."""
    return All((*machine, *processes))
