"""Where rendered files have what services state. Each test module of a service lists its values as `STATED`; those of the shared
parts of an API are here."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hacienda.declare import Service, Timer

UNITS = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0,
    "count": 1.0, "bytes": 1.0, "MiB": 1024.0**2,
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One value in a file.

    Args:
        pattern: regular expression with one group, the value; `^` and `$` match at every line.
        unit: what a bare number means; a value that names its unit (`500ms`, `PT1.5S`) is taken at its word.
        section: regular expression for the first line of a section, with one group, its name; a section ends where the next line
            without indentation begins. Empty: the whole file is one section without a name.
        default: what the program does where the file says nothing.
        below: the file has at most what is stated: the sum of what was shared out.
    """

    pattern: str
    unit: str = "s"
    section: str = ""
    default: float | None = None
    below: bool = False

    def values(self, text: str) -> Mapping[str, float]:
        """Values by section; the section without a name holds where another one says nothing."""
        parts = _sections(self.section, text) if self.section else [("", text)]
        found = {name: re.findall(self.pattern, part, re.MULTILINE) for name, part in parts}
        read = {name: number(values[-1], self.unit) for name, values in found.items() if values}
        return {"": self.default, **read} if self.default is not None else read


API = {
    **{f"database {what}": Found(rf"^connection = .*[?&]{what}=(\d+)") for what in ("connect_timeout", "read_timeout")},
    "connection_recycle_time": Found(r"^connection_recycle_time = (\d+)$"),
    "restart": Found(r"^RestartSec=(\d+)$"),
    "drain": Found(r"^ExecStop=.*sleep (\d+)"),
    **{
        name: Found(rf"^{name} = (\S+)$")
        for name in (
            "rpc_response_timeout",
            "heartbeat_timeout_threshold",
            "heartbeat_rate",
            "kombu_reconnect_delay",
            "rabbit_interval_max",
            "report_interval",
            "service_down_time",
            "client_mount_timeout",
        )
    },
}
"""Timers of the shared parts of OpenStack's services: a service that takes them lists nothing of its own."""


def number(text: str, unit: str) -> float:
    """A value as a file writes it. Raises ValueError."""
    match = re.fullmatch(r"(?:PT)?([0-9]+(?:\.[0-9]+)?)([a-zA-Z]*)", text)
    if match is None:
        raise ValueError(f"{text!r} is no number")
    return round(float(match[1]) * UNITS[match[2].lower() or unit], 6)


def _sections(header: str, text: str) -> Iterator[tuple[str, str]]:
    for match in re.finditer(header, text, re.MULTILINE):
        begin = text.find("\n", match.end())
        following = re.compile(r"^\S", re.MULTILINE).search(text, begin + 1)
        yield match[1], text[begin + 1 : following.start() if following else None]


def of(service: Service) -> Mapping[str, Found]:
    """What the service's own test module lists, and what it has of the shared parts."""
    module = importlib.import_module(f"tests.services.test_{service.name.replace('-', '_')}")
    listed: Mapping[str, Found] = getattr(module, "STATED", {})
    return {name: API[name] for name in names(service) & API.keys()} | dict(listed)


def names(service: Service) -> set[str]:
    """Names of all that it states: timers by their names, limits by their resources."""
    timers = {one.name for one in service.timers if isinstance(one, Timer)}
    return timers | {limit.of for limit in service.limits}
