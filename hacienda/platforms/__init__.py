"""Platforms by type. A new platform is a module with a frozen class, and a line in PLATFORMS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hacienda.cloud.model import Platform as Declared
from hacienda.platforms.base import FirstBoot, MachineHandle, Platform
from hacienda.platforms.existing import Existing
from hacienda.platforms.incus import Incus

__all__ = ["PLATFORMS", "Existing", "FirstBoot", "Incus", "MachineHandle", "Platform", "platform_of"]


def _incus(options: Mapping[str, Any], from_stack: Callable[[str], str]) -> Platform:
    return Incus(**{name: value for name, value in options.items() if value is not None})


def _existing(options: Mapping[str, Any], from_stack: Callable[[str], str]) -> Platform:
    return Existing(**{**options, "known_hosts": from_stack(options["known_hosts"])})


PLATFORMS: Mapping[str, Callable[[Mapping[str, Any], Callable[[str], str]], Platform]] = {
    "existing": _existing,
    "incus": _incus,
}
"""Type in the environment file -> function that makes the platform from its options."""


def platform_of(declared: Declared, from_stack: Callable[[str], str]) -> Platform:
    """The platform that an environment declares.

    Args:
        declared: type and options, as the environment file gives them.
        from_stack: function that makes a path of the project relative to a stack's folder.
    """
    return PLATFORMS[declared.type](declared.options, from_stack)
