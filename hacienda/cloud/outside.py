"""What the file says is outside of the cloud, and is not: time servers, name servers, controllers for fencing.

Name servers and fencing are refused. Time servers are left out where chrony is configured, and are a finding of TIME: the
controllers are time servers of all others anyway, so the cloud that is built is the one that was meant.
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
    "dns": "Remove it: no machine here is a name server, and the firewall lets no question in.",
    "bmc": "Write the address of the controller itself: what is to be switched off cannot do it.",
}
"""What to do, by what was written."""


def check(
    environment: Environment,
    networks: Sequence[Network],
    nodes: Sequence[Node],
    vips: Sequence[VirtualIp],
    problems: ProblemList,
) -> None:
    """Notes each value that names something of the cloud's own where it has to name something else.

    Args:
        environment: the environment.
        networks: resolved networks.
        nodes: resolved nodes.
        vips: resolved virtual IPs.
        problems: takes what is wrong.
    """
    own = _own(domain(environment), nodes, vips)
    gateways = {str(network.gateway): f"the gateway of {network.name}" for network in networks if network.gateway}
    for where, value, kind in _outside(environment):
        # A router may well be asked for names.
        owner = (own | gateways if kind == "bmc" else own).get(value.lower().removesuffix("."))
        if owner is not None:
            problems.add(where, f"is {owner}", _REMOVE[kind], value)


def own_time_servers(environment: Environment, nodes: Sequence[Node], vips: Sequence[VirtualIp]) -> Mapping[str, str]:
    """Time servers, as written, that are the cloud's own machines or virtual IPs, and whose they are."""
    own = _own(domain(environment), nodes, vips)
    owners = ((server, own.get(server.lower().removesuffix("."))) for server in environment.time.servers)
    return {server: owner for server, owner in owners if owner is not None}


def _own(domain: str, nodes: Sequence[Node], vips: Sequence[VirtualIp]) -> dict[str, str]:
    """Addresses and names of the cloud's own, and whose they are."""
    found = {"localhost": "the machine itself"}
    for node in nodes:
        found |= dict.fromkeys((node.name, f"{node.name}.{domain}"), f"the machine {node.name}")
        found |= {str(address): f"an address of {node.name}" for address in node.addresses.values()}
    for vip in vips:
        found |= dict.fromkeys((*vip.hostnames, str(vip.address)), f"the virtual IP of {vip.network}")
    return found


def _outside(environment: Environment) -> Iterator[tuple[Trail, str, str]]:
    """Every value that names something outside: where it was written, the value, and what it is."""
    for position, server in enumerate(environment.dns.servers):
        yield ("dns", "servers", position), str(server), "dns"
    for role in ABBREVIATIONS:
        for name, machine in getattr(environment.machines, role).nodes.items():
            if machine.bmc is not None:
                yield ("machines", role, "nodes", name, "bmc", "address"), machine.bmc.address, "bmc"
