"""The times of a cloud: what services state as timers, looked up by name."""

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
        service: who states it.
        name: the timer's name.
        section: section of the file that has it; empty: the file has one value.
        node: whose file.
        file: path on the node.
        value: seconds, or a count.
        where: the field of the environment file that sets it, or would.
    """

    service: str
    name: str
    section: str
    node: str
    file: str
    value: float
    where: str


class NotTimedError(Exception):
    """A service says, on purpose, that it has no such timer (`NoTimer`): what is made of it is none of this cloud's."""


class Readings:
    """Every reading of a cloud, to look up. A name that nobody declares is an error: it would drop a check without a word.

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
            DeclarationError: none does: ask the cloud first.
        """
        for service in self._services.values():
            if capability in service.provides:
                return service.name
        raise DeclarationError(f"no service here provides {capability!r}")

    def has(self, service: str, name: str) -> bool:
        """Whether a service has a timer; False: it says that it has none.

        Raises:
            DeclarationError: there is no such service here, or it says nothing of such a timer.
        """
        if service not in self._services:
            raise DeclarationError(f"there is no service {consistency.unknown(service, self._services)} here")
        declared = {timer.name: timer for timer in self._services[service].timers}
        timer = declared.get(name) or declared.get(EVERY)
        if timer is None:
            raise DeclarationError(
                f"{service} declares no timer {consistency.unknown(name, declared)}. One that it lacks on purpose is a NoTimer."
            )
        return isinstance(timer, Timer)

    def of(self, service: str, name: str, section: str = "") -> tuple[Reading, ...]:
        """Readings of a timer on every node that was looked at: of one section, or of all of them.

        Raises:
            DeclarationError: nobody declares it, or the file has no such section.
            NotTimedError: the service says that it has none.
        """
        if not self.has(service, name):
            raise NotTimedError(f"{service}: {name}")
        found = self._found.get((service, name), [])
        if not section or any(not reading.section for reading in found):
            return tuple(found)
        sections: Collection[str] = {reading.section for reading in found}
        if section not in sections:
            raise DeclarationError(
                f"{service}: {name} is asked of the section {consistency.unknown(section, sections)}"
            )
        return tuple(reading for reading in found if reading.section == section)

    def longest(self, service: str, name: str, section: str = "") -> Reading:
        """The longest of them: the worst case.

        Raises:
            DeclarationError: as `of`, and where no section has it.
            NotTimedError: as `of`.
        """
        found = self.of(service, name, section)
        if not found:
            raise DeclarationError(f"{service}: {name} is set nowhere")
        return max(found, key=lambda reading: reading.value)


def read(cloud: Cloud) -> Readings:
    """Every stated timer of a cloud."""
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
    """The field of the environment file that has a service's option, or all of them."""
    return f"services.{service}.{option}" if option else f"services.{service}"


def _looked_at(cloud: Cloud, service: Service) -> tuple[Node, ...]:
    """Controllers, or the first machine where it runs on none: what runs on 1,000 computes has the same times there."""
    members = tuple(node for node in cloud.members(service.name) if node.role != "arbiter")
    return tuple(node for node in members if node.role == "controller") or members[:1]
