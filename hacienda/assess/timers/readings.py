"""The times that rendered files really have: what services declare as timers, looked up where they say."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import services
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import files
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import Capability, DeclarationError, Service, Timer, consistency
from hacienda.declare.timer import EVERY

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]*)")
_OUTDENTED = re.compile(r"^\S", re.MULTILINE)
_ISO = re.compile(r"PT(?:([0-9.]+)H)?(?:([0-9.]+)M)?(?:([0-9.]+)S)?")


@dataclass(frozen=True)
class Reading:
    """One value of one timer.

    Args:
        service: who declares it.
        name: the timer's name.
        section: section of the file it was read in; empty: the whole file, or the defaults.
        node: whose file; empty: no file says it, the program's default counts.
        file: path on the node.
        value: seconds, or a count.
        count: it is a count.
    """

    service: str
    name: str
    section: str
    node: str
    file: str
    value: float
    count: bool = False


class NotTimedError(Exception):
    """A service says, on purpose, that it has no such timer (`NoTimer`): what is made of it is none of this cloud's."""


class Readings:
    """Every reading of a cloud, to look up. A name that nobody declares is an error: it would drop a check without a word.

    Args:
        found: the readings.
        services: the services of the cloud, as they declare their timers.
        sections: headers of the sections that a service's timer was looked for in, whether they set it or not.
    """

    def __init__(
        self,
        found: Iterable[Reading],
        services: Iterable[Service],
        sections: Mapping[tuple[str, str], Collection[str]],
    ) -> None:
        self._found: dict[tuple[str, str, str], list[Reading]] = {}
        for reading in found:
            self._found.setdefault((reading.service, reading.name, reading.section), []).append(reading)
        self._services = {service.name: service for service in services}
        self._sections = sections

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
        """Readings of a timer on every node that was looked at. A section that says nothing has the defaults' value; without
        a section, and where there are no defaults, those of all sections: none where there are no sections.

        Raises:
            DeclarationError: nobody declares it, or the file has no such section.
            NotTimedError: the service says that it has none.
        """
        if not self.has(service, name):
            raise NotTimedError(f"{service}: {name}")
        if section and section not in self._sections[service, name]:
            raise DeclarationError(
                f"{service}: {name} is asked of the section {consistency.unknown(section, self._sections[service, name])}"
            )
        found = self._found.get((service, name, section)) or self._found.get((service, name, ""))
        if found is None and not section:
            found = [reading for reading in self if (reading.service, reading.name) == (service, name)]
        return tuple(found or ())

    def longest(self, service: str, name: str, section: str = "") -> Reading:
        """The longest of them: the worst case.

        Raises:
            DeclarationError: as `of`, and where no section sets it.
            NotTimedError: as `of`.
        """
        found = self.of(service, name, section)
        if not found:
            raise DeclarationError(f"{service}: {name} is set nowhere")
        return max(found, key=lambda reading: reading.value)


def read(
    cloud: Cloud, rendered: Mapping[str, Sequence[RenderedFile]] | None = None, templates: Path = services.TEMPLATES
) -> Readings:
    """Every declared timer of a cloud, from its rendered files.

    Args:
        cloud: the resolved cloud.
        rendered: node -> its files. Default: they are rendered here, those that are looked at alone.
        templates: one folder per service with its templates and scripts.

    Raises:
        DeclarationError: a file does not have what its service says it has: a programming error.
    """
    found: list[Reading] = []
    headers: dict[tuple[str, str], set[str]] = {}
    for service in cloud.services:
        timers = [timer for timer in service.timers if isinstance(timer, Timer)]
        paths = {timer.file for timer in timers}
        for node in _looked_at(cloud, service) if timers else ():
            own = (
                files.chosen_files(cloud, node, service, templates, paths) if rendered is None else rendered[node.name]
            )
            texts = {file.path: file.text for file in own}
            for timer in timers:
                text = _text(service.name, timer, node.name, texts)
                found += _read(service.name, timer, node.name, text)
                headers.setdefault((service.name, timer.name), set()).update(
                    h for h, _ in _sections(timer.section, text)
                )
    return Readings(found, cloud.services, headers)


def seconds(text: str, timer: Timer) -> float:
    """A value as a file writes it, in seconds; a count as it is.

    Raises:
        DeclarationError: it is none.
    """
    iso, number = _ISO.fullmatch(text), _NUMBER.fullmatch(text)
    if iso is not None and any(iso.groups()):
        hours, minutes, rest = (float(part or 0) for part in iso.groups())
        return hours * 3600 + minutes * 60 + rest
    if number is not None and (number[2] in _UNITS or not number[2]):
        bare = 1.0 if timer.unit == "count" else _UNITS[timer.unit]
        return round(float(number[1]) * (_UNITS[number[2]] if number[2] else bare), 6)
    raise DeclarationError(f"{timer.file}: {timer.name} is {text!r}, which is no time")


def _looked_at(cloud: Cloud, service: Service) -> tuple[Node, ...]:
    """Controllers, or the first machine where it runs on none: what runs on 1,000 computes has the same times there."""
    members = tuple(node for node in cloud.members(service.name) if node.role != "arbiter")
    return tuple(node for node in members if node.role == "controller") or members[:1]


def _text(service: str, timer: Timer, node: str, texts: Mapping[str, str]) -> str:
    if timer.file not in texts:
        raise DeclarationError(f"{service}: {timer.name} is read from {timer.file}, which {node} does not have")
    return texts[timer.file]


def _read(service: str, timer: Timer, node: str, text: str) -> Iterator[Reading]:
    count = timer.unit == "count"
    values = dict(_values(timer, text))
    for section, value in values.items():
        yield Reading(service, timer.name, section, node, timer.file, seconds(value, timer), count)
    # Of sections there may be none at all: a load balancer with nobody behind it.
    if values or (timer.section and timer.default is None):
        return
    if timer.default is None:
        raise DeclarationError(f"{service}: {timer.file} on {node} does not have {timer.name} ({timer.find})")
    yield Reading(service, timer.name, "", "", timer.file, timer.default, count)


def _values(timer: Timer, text: str) -> Iterator[tuple[str, str]]:
    """Section and value, wherever there is one."""
    for section, part in _sections(timer.section, text):
        found = re.findall(timer.find, part, re.MULTILINE)
        if found:
            yield section, found[-1]


@functools.lru_cache(maxsize=64)
def _sections(header: str, text: str) -> tuple[tuple[str, str], ...]:
    """Name and text of each; several timers are read from the same."""
    if not header:
        return (("", text),)
    found = []
    for match in re.finditer(header, text, re.MULTILINE):
        begin = text.find("\n", match.end())
        following = _OUTDENTED.search(text, begin + 1)
        found.append((match[1], text[begin + 1 : following.start() if following else None]))
    return tuple(found)
