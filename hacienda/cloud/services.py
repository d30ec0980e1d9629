"""Which services run on a role, and whether the environment gives each service what it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hacienda.cloud.machines import roles
from hacienda.cloud.model import Cloud
from hacienda.cloud.network import Network, VirtualIp
from hacienda.cloud.node import Node
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Registry, Role
from hacienda.environment.model import Environment


def of_role(registry: Registry, role: Role) -> tuple[str, ...]:
    """Names of the services that machines of a role run, in start order."""
    return tuple(service.name for service in registry if service.runs_on(role))


def chosen(environment: Environment, registry: Registry, problems: ProblemList) -> Registry:
    """The services that the environment has.

    Args:
        environment: the environment.
        registry: every service there is.
        problems: receives an error for each service that requires one that is left out. It counts as left out too.
    """
    names = {service.name for service in registry if environment.has(service)}
    for service in registry:
        lacking = [capability for capability in service.requires if registry.provider(capability).name not in names]
        if service.name in names and lacking:
            names.remove(service.name)
            for capability in lacking:
                provider = registry.provider(capability).name
                reason = f"needs a {capability}, which {provider} provides, and {provider} is not in this cloud"
                where = provider if provider in environment.services else service.name
                fix = f"Write `{provider}: true` below `services`, or `{service.name}: false`."
                if service.choice == "always":
                    fix = f"Write `{provider}: true` below `services`."
                problems.add(("services", where), f"{service.name} {reason}", fix)
    return registry if len(names) == len(registry.names()) else registry.only(names)


def stood_in(
    environment: Environment, registry: Registry, found: tuple[Network, ...]
) -> tuple[Registry, tuple[Network, ...]]:
    """The registry and the networks of a cloud in which other machines are the gateways, because it has no network machines.

    Args:
        environment: the environment.
        registry: services of the environment.
        found: resolved networks. An external network without `roles` in the file is also on the machines that stand in; one with
            `roles` stays as the file has it.
    """
    acting = {service.stand_in for service in registry if service.stand_in is not None}
    if not acting or "network" in roles(environment):
        return registry, found
    named = {name: frozenset(spec.roles) for name, spec in environment.networks.items()}
    found = tuple(
        replace(network, roles=frozenset(acting)) if network.without_addresses and not named[network.name] else network
        for network in found
    )
    reached = {role for network in found if network.without_addresses for role in network.roles}
    return registry.changed(lambda service: service.stood_in() if service.stand_in in reached else service), found


def check(
    environment: Environment,
    registry: Registry,
    nodes: Sequence[Node],
    vips: Sequence[VirtualIp],
    problems: ProblemList,
) -> None:
    """Reports services that lack machines, and machines that lack services or a virtual IP.

    Args:
        environment: the environment.
        registry: every service there is.
        nodes: resolved nodes.
        vips: resolved virtual IPs.
        problems: receives the errors.
    """
    controllers = [node for node in nodes if node.role == "controller"]
    if not controllers and not problems:
        problems.add(("machines",), "has no controller", "Add `controller: 3`.")
    if problems:
        return
    counts: dict[str, int] = {}
    for node in nodes:
        for name in node.services:
            counts[name] = counts.get(name, 0) + 1
    for name in environment.services:
        if name in registry and name not in counts and environment.services[name] is not False:
            role = _either(registry[name].roles)
            fix = f"Add `machines.{registry[name].roles[0]}`, or remove these options."
            problems.add(("services", name), f"runs on {role} machines, and the file has none", fix)
    for service in registry:
        for capability in service.requires if service.name in counts else ():
            provider = registry.provider(capability)
            if provider.name not in counts:
                where = _either(provider.roles)
                reason = f"{service.name} needs a {capability}, which {provider.name} provides on {where} machines"
                problems.add(("machines",), reason, f"Add `{provider.roles[0]}`.")
    balanced = [service.name for service in registry if service.frontends and counts.get(service.name, 0) > 1]
    if balanced and not vips:
        reason = f"has {len(controllers)} machines but no virtual IP: clients could not reach {', '.join(balanced)}"
        fix = "Add `vip:` to the management network, an address that nobody else uses."
        problems.add(("machines", "controller"), reason, fix)


def refused(cloud: Cloud, environment: Environment, problems: ProblemList) -> None:
    """Reports options that a service cannot fulfil in this cloud. A service with invalid options is not asked."""
    for service in cloud.registry:
        if service.name not in cloud.options:
            continue
        for option, reason, fix in service.refused(cloud):
            trail = ("services", service.name, option)
            problems.add(trail, reason, fix)


def _either(words: Sequence[str]) -> str:
    return " or ".join(words)
