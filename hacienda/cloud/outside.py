"""Values of the file that must be outside of the cloud, and are inside: time servers, name servers, fencing
controllers.

Such name servers and fencing controllers are errors. Such time servers are a finding of TIME, and chrony's
configuration leaves them out. The controllers serve time to all other machines in any case, so the result is what the
operator wants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hacienda.cloud.network import Network, VirtualIp
from hacienda.cloud.networks import domain
from hacienda.cloud.node import ABBREVIATIONS, Node
from hacienda.cloud.problem_list import ProblemList
from hacienda.environment.model import Environment
from hacienda.environment.source import Trail

_REMOVE: Mapping[str, str] = {
    "dns": "Remove it: no machine of this cloud is a name server, and the firewall drops DNS queries.",
    "bmc": "Write the address of the controller itself: a machine cannot switch itself off after a failure.",
}
"""The fix for each kind of value."""


def check(
    environment: Environment,
    networks: Sequence[Network],
    nodes: Sequence[Node],
    vips: Sequence[VirtualIp],
    problems: ProblemList,
) -> None:
    """Reports each value that names a part of this cloud and must not.

    Args:
        environment: the environment.
        networks: resolved networks.
        nodes: resolved nodes.
        vips: resolved virtual IPs.
        problems: receives the problems.
    """
    own = _own(domain(environment), nodes, vips)
    gateways = {str(network.gateway): f"the gateway of {network.name}" for network in networks if network.gateway}
    for where, value, kind in _outside(environment):
        # A router may be a name server.
        owner = (own | gateways if kind == "bmc" else own).get(value.lower().removesuffix("."))
        if owner is not None:
            problems.add(where, f"is {owner}", _REMOVE[kind], value)


def own_time_servers(environment: Environment, nodes: Sequence[Node], vips: Sequence[VirtualIp]) -> Mapping[str, str]:
    """Time servers, as written, that are machines or virtual IPs of this cloud -> which part they name."""
    own = _own(domain(environment), nodes, vips)
    owners = ((server, own.get(server.lower().removesuffix("."))) for server in environment.time.servers)
    return {server: owner for server, owner in owners if owner is not None}


def _own(domain: str, nodes: Sequence[Node], vips: Sequence[VirtualIp]) -> dict[str, str]:
    """Addresses and names of this cloud -> which part they name."""
    found = {"localhost": "the machine itself"}
    for node in nodes:
        found |= dict.fromkeys((node.name, f"{node.name}.{domain}"), f"the machine {node.name}")
        found |= {str(address): f"an address of {node.name}" for address in node.addresses.values()}
    for vip in vips:
        found |= dict.fromkeys((*vip.hostnames, str(vip.address)), f"the virtual IP of {vip.network}")
    return found


def _outside(environment: Environment) -> Iterator[tuple[Trail, str, str]]:
    """Every value that must name something outside: its place in the file, the value, and its kind."""
    for position, server in enumerate(environment.dns.servers):
        yield ("dns", "servers", position), str(server), "dns"
    for role in ABBREVIATIONS:
        for name, machine in getattr(environment.machines, role).nodes.items():
            if machine.bmc is not None:
                yield ("machines", role, "nodes", name, "bmc", "address"), machine.bmc.address, "bmc"
