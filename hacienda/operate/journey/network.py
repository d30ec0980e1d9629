"""Steps about networks: the tenant's network, its way out, and what may come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from typing import Any

from hacienda.cloud import Cloud
from hacienda.cloud.model import Network
from hacienda.operate.journey.faults import StepError
from hacienda.operate.journey.traveller import Traveller

INSIDE = "192.168.222.0/24"
"""The tenant's own network. Tenants' networks may overlap with each other, and with those of the machines."""

PORTS = (22, 80)
"""TCP ports that may be reached: SSH and HTTP."""


def create(traveller: Traveller) -> str:
    """Make a network, a subnet, and a router with an interface there and a gateway outside."""
    neutron = traveller.own.network
    outside = find_outside(traveller)
    made = traveller.made
    made["network"] = neutron.create_network(name=traveller.name("network"))
    made["subnet"] = neutron.create_subnet(
        name=traveller.name("subnet"), network_id=made["network"].id, ip_version=4, cidr=INSIDE
    )
    gateway = {"external_gateway_info": {"network_id": outside.id}} if outside else {}
    made["router"] = neutron.create_router(name=traveller.name("router"), **gateway)
    neutron.add_interface_to_router(made["router"], subnet=made["subnet"].id)
    made["outside"] = outside
    way = f"a router to {outside.name}" if outside else "a router without a way out: there is no external network"
    return f"{INSIDE}, {way}"


def find_outside(traveller: Traveller) -> Any:
    """The external network: the operator's, or one that is made of the environment's; None: there is neither."""
    for found in traveller.own.network.networks(is_router_external=True):
        return found
    declared = next((one for one in traveller.cloud.physical_networks if one.physical and one.physical.flat), None)
    if declared is None or declared.physical is None:
        return None
    neutron = traveller.admin.network
    made = neutron.create_network(
        name=traveller.name("outside"),
        is_router_external=True,
        provider_network_type="flat",
        provider_physical_network=declared.physical.name,
    )
    traveller.made["made outside"] = made
    ranges = [{"start": str(first), "end": str(last)} for first, last in pools(traveller.cloud, declared)]
    if not ranges:
        raise StepError(f"the network {declared.name} has no address for instances", "Make it larger.")
    neutron.create_subnet(
        name=traveller.name("outside"),
        network_id=made.id,
        ip_version=4,
        cidr=str(declared.cidr),
        gateway_ip=str(declared.gateway) if declared.gateway else None,
        is_dhcp_enabled=False,
        allocation_pools=ranges,
    )
    return made


def pools(cloud: Cloud, network: Network) -> Iterator[tuple[IPv4Address, IPv4Address]]:
    """Ranges of a network that machines, virtual IPs and the gateway leave to instances."""
    taken = {node.addresses[network.name] for node in cloud.nodes if network.name in node.addresses}
    taken |= {vip.address for vip in cloud.virtual_ips}
    taken |= {network.gateway} if network.gateway else set()
    yield from between(*network.addressable, taken)


def between(
    first: IPv4Address, last: IPv4Address, taken: Iterable[IPv4Address]
) -> Iterator[tuple[IPv4Address, IPv4Address]]:
    """Ranges from `first` to `last` without some addresses."""
    for address in sorted(address for address in taken if first <= address <= last):
        if first < address:
            yield first, address - 1
        first = address + 1
    if first <= last:
        yield first, last


def permit(traveller: Traveller) -> str:
    """Make a security group that lets in ping, SSH and HTTP."""
    neutron = traveller.own.network
    group = neutron.create_security_group(name=traveller.name("group"))
    traveller.made["group"] = group
    rule = {"security_group_id": group.id, "direction": "ingress", "ether_type": "IPv4"}
    neutron.create_security_group_rule(**rule, protocol="icmp")
    for port in PORTS:
        neutron.create_security_group_rule(**rule, protocol="tcp", port_range_min=port, port_range_max=port)
    return f"lets in ping and the TCP ports {', '.join(map(str, PORTS))}"
