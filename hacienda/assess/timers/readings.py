"""The times that rendered files really have: what services declare as timers, looked up where they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hacienda import services
from hacienda.cloud.model import Cloud, Node
from hacienda.cloudinit import files
from hacienda.cloudinit.rendered import RenderedFile
from hacienda.declare import DeclarationError, Service, Timer

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"([0-9]+(?:\.[0-9]+)?)([a-z]*)")
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


class Readings:
    """Every reading of a cloud, to look up.

    Args:
        found: the readings.
    """

    def __init__(self, found: Iterable[Reading]) -> None:
        self._found: dict[tuple[str, str, str], list[Reading]] = {}
        for reading in found:
            self._found.setdefault((reading.service, reading.name, reading.section), []).append(reading)

    def __iter__(self) -> Iterator[Reading]:
        return (reading for listed in self._found.values() for reading in listed)

    def of(self, service: str, name: str, section: str = "") -> tuple[Reading, ...]:
        """Readings of a timer on every node that was looked at. A section that says nothing has the defaults' value; without
        a section, and where there are no defaults, those of all sections."""
        found = self._found.get((service, name, section)) or self._found.get((service, name, ""))
        if found is None and not section:
            found = [reading for reading in self if (reading.service, reading.name) == (service, name)]
        return tuple(found or ())

    def longest(self, service: str, name: str, section: str = "") -> Reading:
        """The longest of them: the worst case.

        Raises:
            KeyError: nobody declares it here.
        """
        found = self.of(service, name, section)
        if not found:
            raise KeyError(f"{service}: {name}")
        return max(found, key=lambda reading: reading.value)

    def declaring(self, name: str) -> tuple[str, ...]:
        """Services that have a timer of that name."""
        return tuple(dict.fromkeys(service for service, timer, _ in self._found if timer == name))


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
    for service in (service for service in cloud.services if service.timers):
        for node in _looked_at(cloud, service):
            given = None if rendered is None else rendered.get(node.name)
            own = given if given is not None else tuple(files.service_files(cloud, node, service, templates))
            texts = {file.path: file.text for file in own}
            for timer in service.timers:
                found += _read(service.name, timer, node.name, texts)
    return Readings(found)


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


def _read(service: str, timer: Timer, node: str, texts: Mapping[str, str]) -> Iterator[Reading]:
    count = timer.unit == "count"
    values = dict(_values(timer, texts.get(timer.file, "")))
    for section, text in values.items():
        yield Reading(service, timer.name, section, node, timer.file, seconds(text, timer), count)
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


def _sections(header: str, text: str) -> Iterator[tuple[str, str]]:
    if not header:
        yield "", text
        return
    for match in re.finditer(header, text, re.MULTILINE):
        begin = text.find("\n", match.end())
        following = re.search(r"^\S", text[begin + 1 :], re.MULTILINE)
        yield match[1], text[begin + 1 :][: following.start() if following else None]
