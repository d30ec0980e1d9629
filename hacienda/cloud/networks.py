"""Networks and virtual IPs of the resolved cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations

from hacienda.cloud import provider
from hacienda.cloud.network import Bond, Network, Route, VirtualIp
from hacienda.cloud.node import ABBREVIATIONS
from hacienda.cloud.platform import has_own_bridges
from hacienda.cloud.problem_list import ProblemList
from hacienda.declare import Role, Scope
from hacienda.environment.model import Environment
from hacienda.environment.network import PURPOSES, NetworkSpec, Purpose

ROLES_OF: Mapping[Purpose, frozenset[Role]] = {
    "management": frozenset(ABBREVIATIONS),
    "public": frozenset({"controller"}),
    "storage": frozenset({"controller", "compute", "storage"}),
    "tenant": frozenset({"controller", "network", "compute"}),
    "external": frozenset({"network"}),
    "other": frozenset(),
}
"""Purpose -> roles whose machines are on its network, unless the network names its roles."""


def networks(environment: Environment, problems: ProblemList) -> tuple[Network, ...]:
    """Every network, management first, then by name."""
    found = [network(name, spec, problems) for name, spec in environment.networks.items()]
    _purposes(found, problems)
    _overlaps(found, problems)
    _routes(found, problems)
    _carriers(found, problems)
    found = provider.connected(environment, sorted(found, key=_order), problems)
    if has_own_bridges(environment):
        found = [replace(network, vlan=None) for network in found]
    return tuple(found)


def _order(network: Network) -> tuple[bool, str]:
    return "management" not in network.purposes, network.name


def network(name: str, spec: NetworkSpec, problems: ProblemList) -> Network:
    """One network by itself; what is wrong with it is added to the problems."""
    where = ("networks", name)
    purposes = spec.purpose or ((name,) if name in PURPOSES else ())
    if not purposes:
        fix = f"Add `purpose:`, one or more of {', '.join(PURPOSES)}."
        problems.add(where, "has no purpose", fix)
    if "other" in purposes and (len(purposes) > 1 or not spec.roles):
        reason, fix = "has the purpose `other` and names no `roles`", "Name the roles whose machines are on it."
        if len(purposes) > 1:
            reason, fix = (
                f"is for {', '.join(purposes)} at once",
                "Use `other` alone: Hacienda's services do not use such a network.",
            )
        problems.add(where, reason, fix)
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
        problems.add((*where, "gateway"), f"is not a machine address in {spec.cidr}", fix, str(gateway))
    return Network(
        name=name,
        cidr=spec.cidr,
        purposes=frozenset(purposes),
        addressable=(first, last),
        gateway=gateway if isinstance(gateway, IPv4Address) else None,
        mtu=spec.mtu,
        vlan=spec.vlan,
        bond=_bond(spec),
        nic=spec.nic,
        routes=tuple(Route(route.to, route.via) for route in spec.routes),
        roles=frozenset(spec.roles) or frozenset().union(*(ROLES_OF[purpose] for purpose in purposes)),
    )


def _bond(spec: NetworkSpec) -> Bond | None:
    if spec.bond is None:
        return None
    return Bond(spec.bond.mode, spec.bond.nics, spec.bond.hash_policy or "", spec.bond.lacp_rate or "")


def _purposes(found: Iterable[Network], problems: ProblemList) -> None:
    owners: dict[str, str] = {}
    for network in found:
        for purpose in sorted(network.purposes - {"external", "other"}):
            if purpose in owners:
                reason = f"is for {purpose}, and so is the network {owners[purpose]}"
                problems.add(
                    ("networks", network.name),
                    reason,
                    "Use one network for each purpose. Only external and other may have several.",
                )
            owners.setdefault(purpose, network.name)
        if "management" in network.purposes and network.roles != frozenset(ABBREVIATIONS):
            missing = ", ".join(sorted(frozenset(ABBREVIATIONS) - network.roles))
            fix = "Every machine is on the management network: remove `roles`."
            problems.add(("networks", network.name, "roles"), f"leaves out {missing}", fix)
    if "management" not in owners:
        fix = "Name one `management`, or give one `purpose: management`."
        problems.add(("networks",), "no network has the purpose management", fix)


def _overlaps(found: list[Network], problems: ProblemList) -> None:
    for one, other in combinations(found, 2):
        if one.cidr.overlaps(other.cidr):
            reason = f"overlaps {one.name} ({one.cidr})"
            problems.add(
                ("networks", other.name, "cidr"), reason, "Give each network its own addresses.", str(other.cidr)
            )


def _routes(found: list[Network], problems: ProblemList) -> None:
    seen: dict[IPv4Network, str] = {}
    for network in found:
        for position, route in enumerate(network.routes):
            where = ("networks", network.name, "routes", position)
            if route.via not in network.cidr or route.via in (network.cidr[0], network.cidr[-1]):
                fix = f"Name a router between {network.cidr[1]} and {network.cidr[-2]}."
                problems.add((*where, "via"), f"is not a machine address in {network.cidr}", fix, str(route.via))
            inside = next((one for one in found if route.to != one.cidr and route.to.subnet_of(one.cidr)), None)
            if inside is not None or route.to == network.cidr:
                owner = inside or network
                fix = "Remove the route: machines reach that network without a router."
                problems.add((*where, "to"), f"is part of {owner.name} ({owner.cidr})", fix, str(route.to))
            elif route.to in seen:
                fix = "Keep one: a machine on both networks could not decide between them."
                problems.add((*where, "to"), f"is also a route of {seen[route.to]}", fix, str(route.to))
            seen.setdefault(route.to, network.name)
        if network.routes and network.without_addresses:
            fix = "Remove the routes: machines have no address on this network."
            problems.add(("networks", network.name, "routes"), "has no source address", fix)


def _carriers(found: list[Network], problems: ProblemList) -> None:
    for one, other in combinations(found, 2):
        where = ("networks", other.name)
        shared = sorted(set(one.cards) & set(other.cards))
        if one.vlan is not None and one.vlan == other.vlan and provider.share_switches(one, other):
            fix = "Give each network its own VLAN. If they use different switches, give each its own cards (`bond`, `nic`)."
            problems.add((*where, "vlan"), f"is also the VLAN of {one.name}", fix, other.vlan)
        if not shared:
            continue
        field = (*where, "bond" if other.bond else "nic")
        if one.bond != other.bond:
            fix = "Write the same bond for networks on the same cards, word for word."
            problems.add(field, f"shares {', '.join(shared)} with {one.name}, but is a different bond", fix)
        elif one.vlan is None and other.vlan is None:
            fix = "Give at least one of them a `vlan`."
            problems.add(field, f"also carries {one.name} untagged", fix)


def domain(environment: Environment) -> str:
    """The DNS domain of the machines and of the virtual IPs."""
    return environment.domain or f"{environment.name}.internal"


def virtual_ips(environment: Environment, found: tuple[Network, ...], problems: ProblemList) -> tuple[VirtualIp, ...]:
    """Virtual IPs with the scopes that they serve. If there is only one, it serves both scopes."""
    held: list[tuple[Network, IPv4Address]] = []
    for network in found:
        address = environment.networks[network.name].vip
        if address is not None and _vip_fits(network, environment.networks[network.name], address, problems):
            held.append((network, address))
    numbers = _router_ids(environment, held, problems)
    result = []
    for network, address in held:
        scopes: tuple[Scope, ...] = ("internal",) if "management" in network.purposes else ("public",)
        name = scopes[0]
        if len(held) == 1:
            scopes = ("internal", "public")
        hostname = f"{name}.{domain(environment)}"
        result.append(VirtualIp(network.name, address, network.name, numbers[network.name], hostname, scopes))
    return tuple(result)


def _vip_fits(network: Network, spec: NetworkSpec, address: IPv4Address, problems: ProblemList) -> bool:
    """Whether a virtual IP may have this address. It may lie outside `range`, which is for machines."""
    where = ("networks", network.name, "vip")
    first, last = network.cidr[1], network.cidr[-2]
    choose = f"Choose a free address between {first} and {last}."
    if not network.purposes & {"management", "public"}:
        problems.add(where, "is not on the management or public network", "Move it to one of them.", str(address))
    elif "controller" not in network.roles:
        problems.add(where, "is on a network without controllers", "Add `controller` to its `roles`.", str(address))
    elif not first <= address <= last:
        reason = (
            f"is not a machine address in {network.cidr}" if address in network.cidr else f"is outside {network.cidr}"
        )
        problems.add(where, reason, choose, str(address))
    elif address == network.gateway:
        problems.add(where, "is the gateway's address", choose, str(address))
    elif spec.router_id is None and int(address) & 255 in (0, 255):
        fix = "Choose an address that ends in 1 to 254, because that is its VRRP id, or add `router_id`."
        problems.add(where, f"ends in {int(address) & 255}", fix, str(address))
    else:
        return True
    return False


def _router_ids(
    environment: Environment, held: list[tuple[Network, IPv4Address]], problems: ProblemList
) -> dict[str, int]:
    """The VRRP id of each network's virtual IP: the id in the file, otherwise the last octet, or else the highest free
    id. keepalived announces all of them on the management network, where an id may exist once."""
    found: dict[str, int] = {}
    for network, _ in held:
        named = environment.networks[network.name].router_id
        if named is None:
            continue
        for other, number in found.items():
            if number == named:
                fix = "Choose another id. All virtual IPs are announced on the management network, where an id may exist once."
                problems.add(("networks", network.name, "router_id"), f"is the id of {other}'s virtual IP", fix, named)
        found[network.name] = named
    for network, address in sorted(held, key=lambda one: "management" not in one[0].purposes):
        if network.name not in found:
            octet = int(address) & 255
            free = (number for number in (octet, *range(254, 0, -1)) if number not in found.values())
            found[network.name] = next(free)
    return found
