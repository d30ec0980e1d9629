"""Readings: the values of the timers that a cloud's services declare, looked up by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from hacienda.cloud.model import Cloud, Node
from hacienda.declare import Capability, DeclarationError, Service, Timer, consistency
from hacienda.declare.timer import EVERY


@dataclass(frozen=True)
class Reading:
    """One value of one timer.

    Args:
        service: service that declares the timer.
        name: the timer's name.
        section: section of the file that has it; empty: the file has one value.
        node: node of the file.
        file: path on the node.
        value: seconds, or a count.
        where: the field of the environment file that sets it, or could set it.
    """

    service: str
    name: str
    section: str
    node: str
    file: str
    value: float
    where: str


class NotTimedError(Exception):
    """A service has no such timer, on purpose (`NoTimer`). What depends on the timer does not exist in this cloud."""


class Readings:
    """Every reading of a cloud. An undeclared name is an error, because it would silently drop a check.

    Args:
        found: the readings.
        services: the services of the cloud, as they declare their timers.
    """

    def __init__(self, found: Iterable[Reading], services: Iterable[Service]) -> None:
        self._found: dict[tuple[str, str], list[Reading]] = {}
        for reading in found:
            self._found.setdefault((reading.service, reading.name), []).append(reading)
        self._services = {service.name: service for service in services}

    def __iter__(self) -> Iterator[Reading]:
        return (reading for listed in self._found.values() for reading in listed)

    def provider(self, capability: Capability) -> str:
        """Name of the service that offers a capability here.

        Raises:
            DeclarationError: no service offers it; the caller must ask the cloud first.
        """
        for service in self._services.values():
            if capability in service.provides:
                return service.name
        raise DeclarationError(f"no service here provides {capability!r}")

    def has(self, service: str, name: str) -> bool:
        """Whether a service has a timer. False: it declares that it has none.

        Raises:
            DeclarationError: the cloud has no such service, or the service declares nothing about such a timer.
        """
        if service not in self._services:
            raise DeclarationError(f"there is no service {consistency.unknown(service, self._services)} here")
        declared = {timer.name: timer for timer in self._services[service].timers}
        timer = declared.get(name) or declared.get(EVERY)
        if timer is None:
            raise DeclarationError(
                f"{service} declares no timer {consistency.unknown(name, declared)}. If it lacks it on purpose, declare a NoTimer."
            )
        return isinstance(timer, Timer)

    def of(self, service: str, name: str, section: str = "") -> tuple[Reading, ...]:
        """Readings of a timer on every node that was read, of one section or of all.

        Raises:
            DeclarationError: no service declares it, or the file has no such section.
            NotTimedError: the service declares that it has none.
        """
        if not self.has(service, name):
            raise NotTimedError(f"{service}: {name}")
        found = self._found.get((service, name), [])
        if not section or any(not reading.section for reading in found):
            return tuple(found)
        sections: Collection[str] = {reading.section for reading in found}
        if section not in sections:
            raise DeclarationError(
                f"{service}: {name} has no value in the section {consistency.unknown(section, sections)}"
            )
        return tuple(reading for reading in found if reading.section == section)

    def longest(self, service: str, name: str, section: str = "") -> Reading:
        """The longest reading, which is the worst case.

        Raises:
            DeclarationError: as for `of`, and if no section has it.
            NotTimedError: as for `of`.
        """
        found = self.of(service, name, section)
        if not found:
            raise DeclarationError(f"{service}: {name} is set nowhere")
        return max(found, key=lambda reading: reading.value)


def read(cloud: Cloud) -> Readings:
    """Readings of every declared timer of a cloud."""
    found = [
        Reading(
            service.name, timer.name, section, node.name, timer.file, float(value), where(service.name, timer.option)
        )
        for service in cloud.services
        for timer in service.timers
        if isinstance(timer, Timer)
        for node in _looked_at(cloud, service)
        for section, value in timer.stated(cloud, node).items()
    ]
    return Readings(found, cloud.services)


def where(service: str, option: str = "") -> str:
    """The field of the environment file for a service's option, or for all its options."""
    return f"services.{service}.{option}" if option else f"services.{service}"


def _looked_at(cloud: Cloud, service: Service) -> tuple[Node, ...]:
    """Controllers that run the service, or else its first machine: a service on 1,000 compute machines has the same times there."""
    members = tuple(node for node in cloud.members(service.name) if node.role != "arbiter")
    return tuple(node for node in members if node.role == "controller") or members[:1]
