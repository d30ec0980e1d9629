"""Networks and virtual IPs of the resolved cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import combinations

from hacienda.cloud.model import ABBREVIATIONS, Bond, Network, VirtualIp
from hacienda.cloud.platform import has_own_bridges
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Role, Scope
from hacienda.environment.model import Environment
from hacienda.environment.network import PURPOSES
from hacienda.environment.network import Network as NetworkSpec

ROLES_OF: Mapping[str, frozenset[Role]] = {
    "management": frozenset(ABBREVIATIONS),
    "public": frozenset({"controller"}),
    "storage": frozenset({"controller", "compute", "storage"}),
    "tenant": frozenset({"controller", "network", "compute"}),
    "external": frozenset({"network"}),
}
"""Roles whose machines are on a network of a purpose, unless the network names its roles."""


def networks(environment: Environment, problems: ProblemList) -> tuple[Network, ...]:
    """Every network, management first, then by name."""
    found = [_network(name, spec, problems) for name, spec in environment.networks.items()]
    _purposes(found, problems)
    _overlaps(found, problems)
    _carriers(found, problems)
    if has_own_bridges(environment):
        found = [replace(network, vlan=None) for network in found]
    return tuple(sorted(found, key=lambda network: ("management" not in network.purposes, network.name)))


def _network(name: str, spec: NetworkSpec, problems: ProblemList) -> Network:
    where = ("networks", name)
    purposes = spec.purpose or ((name,) if name in PURPOSES else ())
    if not purposes:
        fix = f"Add `purpose:`, one or more of {', '.join(PURPOSES)}."
        problems.add(where, "does not say what travels on it", fix)
    first, last = spec.cidr[1], spec.cidr[-2]
    if spec.range is not None:
        if not first <= spec.range[0] <= spec.range[1] <= last:
            fix = f"Stay between {first} and {last}."
            problems.add((*where, "range"), f"leaves {spec.cidr}", fix, f"{spec.range[0]}-{spec.range[1]}")
        else:
            first, last = spec.range
    gateway = spec.gateway
    if gateway is None and "management" in purposes:
        gateway = spec.cidr[1]
    if gateway == "none":
        gateway = None
    if isinstance(gateway, IPv4Address) and not spec.cidr[1] <= gateway <= spec.cidr[-2]:
        fix = f"Use an address between {spec.cidr[1]} and {spec.cidr[-2]}, or `none`."
        problems.add((*where, "gateway"), f"is no machine's address in {spec.cidr}", fix, str(gateway))
    return Network(
        name=name,
        cidr=spec.cidr,
        purposes=frozenset(purposes),
        addressable=(first, last),
        gateway=gateway if isinstance(gateway, IPv4Address) else None,
        mtu=spec.mtu,
        vlan=spec.vlan,
        bond=Bond(spec.bond.mode, spec.bond.nics) if spec.bond else None,
        roles=frozenset(spec.roles) or frozenset().union(*(ROLES_OF[purpose] for purpose in purposes)),
    )


def _purposes(found: Iterable[Network], problems: ProblemList) -> None:
    owners: dict[str, str] = {}
    for network in found:
        for purpose in sorted(network.purposes - {"external"}):
            if purpose in owners:
                reason = f"is for {purpose}, and so is the network {owners[purpose]}"
                problems.add(("networks", network.name), reason, "One network for each purpose (external: several).")
            owners.setdefault(purpose, network.name)
        if "management" in network.purposes and network.roles != frozenset(ABBREVIATIONS):
            missing = ", ".join(sorted(frozenset(ABBREVIATIONS) - network.roles))
            fix = "Every machine is on the management network: remove `roles`."
            problems.add(("networks", network.name, "roles"), f"leaves out {missing}", fix)
    if "management" not in owners:
        fix = "Call one `management`, or give one `purpose: management`."
        problems.add(("networks",), "none is for management", fix)


def _overlaps(found: list[Network], problems: ProblemList) -> None:
    for one, other in combinations(found, 2):
        if one.cidr.overlaps(other.cidr):
            reason = f"overlaps {one.name} ({one.cidr})"
            problems.add(
                ("networks", other.name, "cidr"), reason, "Give each network its own addresses.", str(other.cidr)
            )


def _carriers(found: list[Network], problems: ProblemList) -> None:
    for one, other in combinations(found, 2):
        where = ("networks", other.name)
        if one.vlan is not None and one.vlan == other.vlan:
            problems.add((*where, "vlan"), f"is {one.name}'s, too", "Give each network its own VLAN.", other.vlan)
        if one.bond is None or other.bond is None:
            continue
        shared = sorted(set(one.bond.nics) & set(other.bond.nics))
        if shared and one.bond != other.bond:
            fix = "Networks on the same cards need the same bond, word for word."
            problems.add((*where, "bond"), f"shares {', '.join(shared)} with {one.name}, but is another bond", fix)
        elif shared and one.vlan is None and other.vlan is None:
            fix = "Give at least one of them a `vlan`."
            problems.add((*where, "bond"), f"carries {one.name} untagged, too", fix)


def domain(environment: Environment) -> str:
    """The DNS domain of the machines and of the virtual IPs."""
    return environment.domain or f"{environment.name}.internal"


def virtual_ips(environment: Environment, found: tuple[Network, ...], problems: ProblemList) -> tuple[VirtualIp, ...]:
    """Virtual IPs with the scopes they serve. The only one serves both scopes."""
    held: list[tuple[Network, IPv4Address]] = []
    for network in found:
        address = environment.networks[network.name].vip
        if address is not None and _vip_fits(network, address, problems):
            held.append((network, address))
    _router_ids(held, problems)
    result = []
    for network, address in held:
        scopes: tuple[Scope, ...] = ("internal",) if "management" in network.purposes else ("public",)
        name = scopes[0]
        if len(held) == 1:
            scopes = ("internal", "public")
        hostname = f"{name}.{domain(environment)}"
        result.append(VirtualIp(network.name, address, network.name, int(address) & 255, hostname, scopes))
    return tuple(result)


def _vip_fits(network: Network, address: IPv4Address, problems: ProblemList) -> bool:
    where = ("networks", network.name, "vip")
    first, last = network.addressable
    choose = f"Choose a free address between {first} and {last}."
    if not network.purposes & {"management", "public"}:
        problems.add(where, "is not on the management or public network", "Move it there.", str(address))
    elif "controller" not in network.roles:
        problems.add(where, "is on a network without controllers", "Add `controller` to its `roles`.", str(address))
    elif not first <= address <= last:
        outside = "outside the range that is ours" if address in network.cidr else f"outside {network.cidr}"
        problems.add(where, f"is {outside}", choose, str(address))
    elif address == network.gateway:
        problems.add(where, "is the gateway's address", choose, str(address))
    elif int(address) & 255 in (0, 255):
        fix = "Choose an address that ends in 1 to 254: the last octet is its VRRP id."
        problems.add(where, f"ends in {int(address) & 255}", fix, str(address))
    else:
        return True
    return False


def _router_ids(held: list[tuple[Network, IPv4Address]], problems: ProblemList) -> None:
    for (one, first), (other, second) in combinations(held, 2):
        if int(first) & 255 == int(second) & 255:
            reason = f"has the VRRP id {int(second) & 255} of {one.name}'s virtual IP {first} (the last octet)"
            fix = "Choose an address with another last octet: the two networks may share a switch."
            problems.add(("networks", other.name, "vip"), reason, fix, str(second))
