"""Sandboxes: they limit what an attacker can do who controls a process of a unit. All units share one set of directives; each
unit declares its exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

DIRECTIVES: Mapping[str, str] = MappingProxyType(
    {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateDevices": "yes",
        "ProtectClock": "yes",
        "ProtectControlGroups": "yes",
        "ProtectHostname": "yes",
        "ProtectKernelLogs": "yes",
        "ProtectKernelModules": "yes",
        "ProtectKernelTunables": "yes",
        "LockPersonality": "yes",
        "MemoryDenyWriteExecute": "yes",
        "RestrictNamespaces": "yes",
        "RestrictRealtime": "yes",
        "RestrictSUIDSGID": "yes",
        "SystemCallArchitectures": "native",
        "SystemCallFilter": "@system-service",
        "SystemCallErrorNumber": "EPERM",
        "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6",
        "CapabilityBoundingSet": "",
    }
)
"""systemd.exec(5) says what each directive restricts. A refused system call fails with EPERM, so that the program can fall back
to another way."""


@dataclass(frozen=True)
class Instead:
    """A directive that a unit has with another value, or not at all.

    Args:
        directive: its name in DIRECTIVES.
        value: its value for this unit; empty: the unit does not have the directive.
        reason: why the unit needs this.
    """

    directive: str
    value: str
    reason: str


ASKS_FOR_ADDRESSES = Instead(
    "RestrictAddressFamilies",
    "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "its runtime asks for the machine's addresses over netlink",
)
COMPILES_PATTERNS = Instead("MemoryDenyWriteExecute", "", "it compiles regular expressions to machine code")


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of one unit.

    Args:
        unit: name of the unit's file.
        ceiling: highest exposure that `systemd-analyze security` may report for it, from 0 (closed) to 10 (open).
        writes: folders that it writes to besides those that systemd creates for it.
        instead: directives that it has with another value, or not at all.
    """

    unit: str
    ceiling: float
    writes: tuple[str, ...] = ()
    instead: tuple[Instead, ...] = field(default=())

    def lines(self) -> tuple[str, ...]:
        """Lines for the unit's section [Service]."""
        other = {one.directive: one.value for one in self.instead}
        kept = {name: other.get(name, value) for name, value in DIRECTIVES.items() if other.get(name, "-")}
        if self.writes:
            kept["ReadWritePaths"] = " ".join(f"-{path}" for path in self.writes)
        return tuple(f"{name}={value}" for name, value in kept.items())
