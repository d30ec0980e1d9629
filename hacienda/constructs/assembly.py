"""Machines and gates of a whole environment in one stack."""

from __future__ import annotations

from collections.abc import Iterable

from hacienda import cdk
from hacienda.constructs.gate import Gate
from hacienda.constructs.machine_group import MachineGroup
from hacienda.constructs.output import EnvironmentOutput
from hacienda.constructs.parts import NEEDS, NETWORK, parts
from hacienda.platforms.base import Platform


def assemble(
    scope: cdk.Construct, output: EnvironmentOutput, platform: Platform, networks: Iterable[str]
) -> tuple[tuple[MachineGroup, ...], tuple[Gate, ...]]:
    """Makes what all machines share, and then for each part its machines, members and gate. A part waits for the parts it needs.

    Args:
        scope: parent construct.
        output: the environment.
        platform: platform that makes the machines.
        networks: addresses of the networks' resources.
    """
    shared = platform.foundation()
    cdk.ResourceGroup(scope, "foundation", declarations=lambda: shared)
    done = {NETWORK: (*networks, *(declaration.terraform_address for declaration in shared))}
    groups, gates = [], []
    for part in parts(output.cloud):
        first = tuple(address for need in NEEDS[part.name] for address in done.get(need, ()))
        group = MachineGroup(
            scope, f"{part.name}-machines", output=output, platform=platform, names=part.names, depends_on=first
        )
        gate = Gate(scope, part.name, output=output, platform=platform, names=part.names, depends_on=group.members)
        done[part.name] = (gate.declaration.terraform_address,)
        groups.append(group)
        gates.append(gate)
    return tuple(groups), tuple(gates)
