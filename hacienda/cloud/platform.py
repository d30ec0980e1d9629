"""The platform of the resolved cloud, and what an environment must not ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hacienda.cloud.node import ABBREVIATIONS
from hacienda.cloud.problem_list import ProblemList
from hacienda.cloud.settings import Platform
from hacienda.environment.model import Environment
from hacienda.environment.platform import Incus
from hacienda.environment.source import Trail

SYSTEM_DISK = "system"
"""Purpose of the disk that a machine boots from: the only one that a container has."""


def platform(environment: Environment) -> Platform:
    """The platform with its options; an Incus project is named after the environment unless the file names it."""
    spec = environment.platform
    options = spec.model_dump(exclude={"type"})
    if isinstance(spec, Incus):
        options["project"] = spec.project or f"hacienda-{environment.name}"
    return Platform(type=spec.type, containers=isinstance(spec, Incus) or spec.containers, options=options)


def has_own_bridges(environment: Environment) -> bool:
    """Whether each network is a bridge of its own there: what a VLAN keeps apart is apart already, and cards are untagged."""
    return isinstance(environment.platform, Incus)


def check(environment: Environment, problems: ProblemList) -> None:
    """Notes what the platform cannot give: passed over, a machine would come up without it."""
    if not isinstance(environment.platform, Incus):
        return
    for where in _cards(environment):
        reason = "cannot be on platform incus: a container has one card for each network, on that network's own bridge"
        problems.add(where, reason, "Remove it; `vlan` may stay, the bridge is the VLAN there.")
    for where, disks in _disks(environment):
        for purpose in sorted(disks.keys() - {SYSTEM_DISK}):
            reason = "cannot be on platform incus: a container has no disk but the one it boots from"
            fix = f"Remove it, or make that one larger: `disks: {{{SYSTEM_DISK}: 20GiB}}`."
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
    """Disks wherever the file names them: those of groups, and of single machines."""
    for role in ABBREVIATIONS:
        group = getattr(environment.machines, role)
        yield ("machines", role), group.disks
        for name, machine in group.nodes.items():
            yield ("machines", role, "nodes", name), machine.disks
