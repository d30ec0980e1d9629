"""What bounds a unit's processes after one of them is taken over: one set of directives, and what a unit has instead."""

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
"""What each of them takes away: systemd.exec(5). A refused system call fails with EPERM, so that a program that has another way
takes it."""


@dataclass(frozen=True)
class Instead:
    """A directive that a unit has with another value, or (empty) not at all.

    Args:
        directive: its name, of DIRECTIVES.
        value: what stands there; empty: nothing does.
        reason: why.
    """

    directive: str
    value: str
    reason: str


ASKS_FOR_ADDRESSES = Instead(
    "RestrictAddressFamilies",
    "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "its runtime asks for the machine's addresses over netlink",
)
COMPILES_PATTERNS = Instead("MemoryDenyWriteExecute", "", "regular expressions are compiled to machine code")


@dataclass(frozen=True)
class Sandbox:
    """The sandbox of one unit.

    Args:
        unit: its file's name.
        ceiling: what `systemd-analyze security` may say of it at most: 0 (closed) to 10 (open).
        writes: folders that it writes to beside those that systemd makes for it.
        instead: directives that it cannot have.
    """

    unit: str
    ceiling: float
    writes: tuple[str, ...] = ()
    instead: tuple[Instead, ...] = field(default=())

    def lines(self) -> tuple[str, ...]:
        """Lines of the section [Service]."""
        other = {one.directive: one.value for one in self.instead}
        kept = {name: other.get(name, value) for name, value in DIRECTIVES.items() if other.get(name, "-")}
        if self.writes:
            kept["ReadWritePaths"] = " ".join(f"-{path}" for path in self.writes)
        return tuple(f"{name}={value}" for name, value in kept.items())
