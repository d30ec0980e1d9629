"""The platform of the resolved cloud, and settings that it cannot fulfil."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hacienda.cloud.node import ABBREVIATIONS
from hacienda.cloud.problem_list import ProblemList
from hacienda.cloud.settings import Platform
from hacienda.environment.model import Environment
from hacienda.environment.platform import Incus
from hacienda.environment.source import Trail

SYSTEM_DISK = "system"
"""Purpose of the boot disk, the only disk of a container."""


def platform(environment: Environment) -> Platform:
    """The platform with its options. An Incus project has the environment's name, unless the file names it."""
    spec = environment.platform
    options = spec.model_dump(exclude={"type"})
    if isinstance(spec, Incus):
        options["project"] = spec.project or f"hacienda-{environment.name}"
    return Platform(type=spec.type, containers=isinstance(spec, Incus) or spec.containers, options=options)


def has_own_bridges(environment: Environment) -> bool:
    """Whether each network has its own bridge. Cards are then untagged, because the bridge already separates the
    networks."""
    return isinstance(environment.platform, Incus)


def check(environment: Environment, problems: ProblemList) -> None:
    """Reports settings that the platform cannot fulfil. If they were ignored, the machine would lack them."""
    if not isinstance(environment.platform, Incus):
        return
    for where in _cards(environment):
        reason = (
            "is not possible on platform incus: a container has one card for each network, on the network's own bridge"
        )
        problems.add(where, reason, "Remove it. `vlan` may stay: on incus the bridge replaces the VLAN.")
    for where, disks in _disks(environment):
        for purpose in sorted(disks.keys() - {SYSTEM_DISK}):
            reason = "is not possible on platform incus: a container has only its boot disk"
            fix = f"Remove it, or enlarge the boot disk: `disks: {{{SYSTEM_DISK}: 20GiB}}`."
            problems.add((*where, "disks", purpose), reason, fix)


def _cards(environment: Environment) -> Iterator[Trail]:
    """Places that name network cards: networks, groups, single machines."""
    for name, network in environment.networks.items():
        yield from (("networks", name, field) for field in ("bond", "nic") if getattr(network, field) is not None)
    for role in ABBREVIATIONS:
        group = getattr(environment.machines, role)
        yield from ([("machines", role, "cards")] if group.cards else [])
        yield from (("machines", role, "nodes", name, "cards") for name, one in group.nodes.items() if one.cards)


def _disks(environment: Environment) -> Iterator[tuple[Trail, Mapping[str, int]]]:
    """All disks in the file: those of groups, and those of single machines."""
    for role in ABBREVIATIONS:
        group = getattr(environment.machines, role)
        yield ("machines", role), group.disks
        for name, machine in group.nodes.items():
            yield ("machines", role, "nodes", name), machine.disks
