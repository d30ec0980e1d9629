"""The stacks of one environment: `<env>-network`, then one for each part that has machines."""

from __future__ import annotations

from dataclasses import dataclass

from hacienda import cdk
from hacienda.constructs import Content, Gate, MachineGroup
from hacienda.constructs.network import network_of
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
        nodes: names of its nodes; empty for the network's.
        needs: names of the stacks that come before it.
    """

    name: str
    environment: str
    nodes: tuple[str, ...]
    needs: tuple[str, ...]


def environment_stacks(app: cdk.App, content: Content) -> tuple[Stack, ...]:
    """Make an environment's stacks in an app, in the order in which they are applied. They never refer to one another's resources:
    what they share is derived from the cloud.

    Args:
        app: the app.
        content: the environment.
    """
    platform = platform_of(content.cloud.platform, content.places.from_stack)
    made: dict[str, cdk.Stack] = {}
    described: list[Stack] = []
    if _has_foundation(content, platform):
        made[NETWORK] = _network_stack(app, content, platform)
        described.append(Stack(_name(content, NETWORK), content.cloud.name, (), ()))
    for part in parts(content.cloud):
        stack = _machine_stack(app, content, platform, part)
        needs = [need for need in NEEDS[part.name] if need in made]
        for need in needs:
            stack.add_dependency(made[need])
        made[part.name] = stack
        names = tuple(_name(content, need) for need in needs)
        described.append(Stack(_name(content, part.name), content.cloud.name, part.names, names))
    return tuple(described)


def _name(content: Content, part: str) -> str:
    return f"{content.cloud.name}-{part}"


def _has_foundation(content: Content, platform: Platform) -> bool:
    networks = (declaration for network in content.cloud.networks for declaration in platform.network(network))
    return any(networks) or bool(platform.foundation())


def _stack(app: cdk.App, content: Content, part: str) -> cdk.Stack:
    name = _name(content, part)
    stack = cdk.Stack(app, name)
    ensure_provider(stack, content.places)
    add_backend(stack, name, content.cloud.state, content.places)
    return stack


def _network_stack(app: cdk.App, content: Content, platform: Platform) -> cdk.Stack:
    stack = _stack(app, content, NETWORK)
    cdk.ResourceGroup(stack, "foundation", declarations=platform.foundation())
    for network in content.cloud.networks:
        network_of(stack, network, platform, content.places)
    return stack


def _machine_stack(app: cdk.App, content: Content, platform: Platform, part: Part) -> cdk.Stack:
    stack = _stack(app, content, part.name)
    group = MachineGroup(stack, "machines", content=content, platform=platform, names=part.names)
    Gate(stack, part.name, content=content, platform=platform, names=part.names, depends_on=group.members)
    return stack
