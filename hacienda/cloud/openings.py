"""The operator's firewall rules, resolved: their machines. No rule may open a port of Hacienda's services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, collapse_addresses

from hacienda.cloud.network import FirewallRule, Network
from hacienda.cloud.node import Node
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Registry
from hacienda.environment.firewall import ANY
from hacienda.environment.firewall import FirewallRule as Spec
from hacienda.environment.model import Environment
from hacienda.environment.problems import nearest


def openings(
    environment: Environment,
    registry: Registry,
    networks: Sequence[Network],
    nodes: Sequence[Node],
    problems: ProblemList,
) -> tuple[FirewallRule, ...]:
    """The rules, in the order of the file.

    Args:
        environment: the environment.
        registry: all services. No rule may open their ports.
        networks: all networks.
        nodes: all nodes.
        problems: receives the problems.
    """
    found = []
    for position, spec in enumerate(environment.firewall_rules):
        machines = _machines(position, spec, nodes, problems)
        rule = FirewallRule(
            name=spec.name,
            protocol=spec.protocol,
            ports=tuple(_joined(spec.ports)),
            sources=tuple(_sources(position, spec, networks, problems)),
            nodes=frozenset(machine.name for machine in machines),
        )
        _leaves_ours(position, rule, environment, registry, machines, problems)
        found.append(rule)
    return tuple(found)


def _machines(position: int, spec: Spec, nodes: Sequence[Node], problems: ProblemList) -> list[Node]:
    where = ("firewall_rules", position)
    known = {node.name: node for node in nodes}
    for place, name in enumerate(spec.machines):
        if name not in known:
            problems.add((*where, "machines", place), "is not a machine", nearest(name, known), name)
    if not spec.roles and not spec.machines:
        return list(nodes)
    found = [node for node in nodes if node.role in spec.roles or node.name in spec.machines]
    if not found and nodes and not spec.machines:
        fix = f"Add `machines.{spec.roles[0]}`, or remove the rule."
        problems.add((*where, "roles"), f"is for no machine: none has the role {' or '.join(spec.roles)}", fix)
    return found


def _sources(position: int, spec: Spec, networks: Sequence[Network], problems: ProblemList) -> Iterable[IPv4Network]:
    """Ranges without overlaps, because nftables refuses them; none: any address."""
    by_name = {network.name: network.cidr for network in networks}
    found: list[IPv4Network] = []
    for place, source in enumerate(spec.sources):
        if isinstance(source, IPv4Network):
            found.append(source)
        elif source in by_name:
            found.append(by_name[source])
        elif source != ANY:
            fix = nearest(source, (*by_name, ANY))
            problems.add(("firewall_rules", position, "sources", place), "is not a network of this file", fix, source)
    return () if ANY in spec.sources else collapse_addresses(found)


def _joined(ports: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges in order, without overlaps and adjacent ranges."""
    start = end = -1
    for first, last in sorted(ports):
        if first <= end + 1 and start >= 0:
            end = max(end, last)
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end


def _leaves_ours(
    position: int,
    rule: FirewallRule,
    environment: Environment,
    registry: Registry,
    machines: Iterable[Node],
    problems: ProblemList,
) -> None:
    """Reports ports of Hacienda's services. Each service declares its own clients."""
    owners: dict[tuple[str, int], str] = {("tcp", environment.ssh.port): "host"}
    for role, runs in {(node.role, node.services) for node in machines}:
        for service in (registry[name].on(role) for name in runs):
            owners |= {(port.protocol, number): service.name for port in service.ports for number in port.numbers}
        if any("load balancer" in registry[name].provides for name in runs):
            fronts = ((one, one.port(front.port)) for one in registry for front in one.frontends)
            owners |= {(port.protocol, port.number): one.name for one, port in fronts}
    opened: dict[str, list[tuple[int, int]]] = {}
    for (protocol, number), owner in sorted(owners.items()):
        if protocol == rule.protocol and any(first <= number <= last for first, last in rule.ports):
            opened.setdefault(owner, []).append((number, number))
    for owner, numbers in opened.items():
        ranges = [str(first) if first == last else f"{first}-{last}" for first, last in _joined(numbers)]
        ports = f"port {ranges[0]}" if len(numbers) == 1 else f"ports {', '.join(ranges)}"
        reason = f"would open {rule.protocol} {ports} of the service {owner}, which declares its own clients"
        fix = "Remove the port." if len(numbers) == 1 else "Remove the ports."
        if owner == "host":
            fix = "Name who may reach SSH in `services.firewall.operator_networks`."
        problems.add(("firewall_rules", position, "ports"), reason, fix)
