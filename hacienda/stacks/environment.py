"""The stacks of one environment: `<env>-network`, and then one stack for each part that has machines."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda import cdk
from hacienda.constructs import EnvironmentOutput, Gate, MachineGroup
from hacienda.constructs.network import ResolvedNetwork
from hacienda.constructs.parts import NEEDS, NETWORK, Part, parts
from hacienda.constructs.provider import ensure_provider
from hacienda.platforms import Platform, platform_of
from hacienda.stacks.backend import add_backend


@dataclass(frozen=True)
class Stack:
    """One stack.

    Args:
        name: `<environment>-<part>`.
        environment: the environment's name.
        nodes: names of its nodes; empty for the network stack.
        needs: names of the stacks that are applied before it.
    """

    name: str
    environment: str
    nodes: tuple[str, ...]
    needs: tuple[str, ...]


def environment_stacks(app: cdk.App, output: EnvironmentOutput) -> tuple[Stack, ...]:
    """Makes an environment's stacks in an app, in the order in which they are applied.

    No stack refers to another stack's resources: each derives what they share from the cloud.

    Args:
        app: the app.
        output: the environment.
    """
    platform = platform_of(output.cloud.platform, output.places.from_stack)
    made: dict[str, cdk.Stack] = {}
    described: list[Stack] = []
    if _has_foundation(output, platform):
        made[NETWORK] = _network_stack(app, output, platform)
        described.append(Stack(_name(output, NETWORK), output.cloud.name, (), ()))
    for part in parts(output.cloud):
        stack = _machine_stack(app, output, platform, part)
        needs = [need for need in NEEDS[part.name] if need in made]
        for need in needs:
            stack.add_dependency(made[need])
        made[part.name] = stack
        names = tuple(_name(output, need) for need in needs)
        described.append(Stack(_name(output, part.name), output.cloud.name, part.names, names))
    return tuple(described)


def _name(output: EnvironmentOutput, part: str) -> str:
    return f"{output.cloud.name}-{part}"


def _has_foundation(output: EnvironmentOutput, platform: Platform) -> bool:
    networks = (declaration for network in output.cloud.networks for declaration in platform.network(network))
    return any(networks) or bool(platform.foundation())


def _stack(app: cdk.App, output: EnvironmentOutput, part: str) -> cdk.Stack:
    name = _name(output, part)
    stack = cdk.Stack(app, name)
    ensure_provider(stack, output.places)
    add_backend(stack, name, output.cloud.state, output.places)
    return stack


def _network_stack(app: cdk.App, output: EnvironmentOutput, platform: Platform) -> cdk.Stack:
    stack = _stack(app, output, NETWORK)
    cdk.ResourceGroup(stack, "foundation", declarations=platform.foundation)
    for network in output.cloud.networks:
        ResolvedNetwork(stack, network.name, network=network, platform=platform, places=output.places)
    return stack


def _machine_stack(app: cdk.App, output: EnvironmentOutput, platform: Platform, part: Part) -> cdk.Stack:
    stack = _stack(app, output, part.name)
    group = MachineGroup(stack, "machines", output=output, platform=platform, names=part.names)
    Gate(stack, part.name, output=output, platform=platform, names=part.names, depends_on=group.members)
    return stack
