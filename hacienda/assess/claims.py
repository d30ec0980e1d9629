"""Resources that environments claim, and the conflicts between two environments that claim the same resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from hacienda.assess.finding import Severity
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Cloud, Network

Kind = Literal["range", "virtual ip", "vrrp id", "certificate"]


@dataclass(frozen=True)
class Claim:
    """One resource that an environment claims for itself.

    Args:
        kind: kind of resource.
        environment: name of the environment.
        file: the environment's file.
        where: network or, for a certificate, the entry of the store.
        value: an address, a range, an id, or the day on which a certificate expires.
        note: for a range and an id, the VLAN; for a certificate, the remaining days.
    """

    kind: Kind
    environment: str
    file: str
    where: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Conflict:
    """One resource that two environments claim.

    Args:
        kind: kind of resource.
        severity: how certain it is that the environments disturb each other.
        where: dotted field in the first environment's file.
        reason: what both claim, and where the other file says so.
        concerns: the network, and the other environment.
    """

    kind: Kind
    severity: Severity
    where: str
    reason: str
    concerns: tuple[str, ...]


def claims(subject: Subject) -> Iterator[Claim]:
    """Claims of an environment: ranges, virtual IPs, their VRRP ids and, if its store is available, certificates."""
    cloud = subject.cloud
    file = _file(cloud)
    for network in cloud.networks:
        yield Claim("range", cloud.name, file, network.name, _range(network), _vlan(network))
    for vip in cloud.virtual_ips:
        yield Claim("virtual ip", cloud.name, file, vip.network, str(vip.address))
        yield Claim("vrrp id", cloud.name, file, vip.network, str(vip.router_id), _vlan(cloud.management))
    for held in subject.held:
        if held.expires is not None:
            end = held.expires.date()
            left = (end - subject.today).days
            yield Claim("certificate", cloud.name, file, held.name, end.isoformat(), f"{left} days")


def conflicts(one: Cloud, other: Cloud) -> Iterator[Conflict]:
    """Conflicts between two environments.

    Args:
        one: the environment whose fields the conflicts name.
        other: the environment that it is compared with.
    """
    yield from _shared_ranges(one, other)
    for vip in one.virtual_ips:
        for its in other.virtual_ips:
            where, concerns = f"networks.{vip.network}.vip", (vip.network, other.name)
            place = f"{_file(other)} (networks.{its.network}.vip)"
            if vip.address == its.address:
                reason = f"{vip.address} is also a virtual IP in {place}."
                yield Conflict("virtual ip", "error", where, reason, concerns)
            severity = _layer2(one, other)
            if vip.router_id == its.router_id and severity is not None:
                surely = "on the same network" if severity == "error" else "and both may share a switch"
                reason = f"{vip.address} has the VRRP id {vip.router_id}, like {its.address} in {place}, {surely}."
                yield Conflict("vrrp id", severity, where, reason, concerns)


def _shared_ranges(one: Cloud, other: Cloud) -> Iterator[Conflict]:
    for mine in one.networks:
        for its in other.networks:
            (first, last), (begin, end) = mine.addressable, its.addressable
            if first <= end and begin <= last:
                place = f"{_file(other)} (networks.{its.name})"
                reason = f"{_range(mine)} overlaps {_range(its)} in {place}."
                yield Conflict("range", "warning", f"networks.{mine.name}", reason, (mine.name, other.name))


def _layer2(one: Cloud, other: Cloud) -> Severity | None:
    """Whether two environments announce their virtual IPs on one layer-2 network: surely, perhaps, or never (None).

    Surely: their management networks overlap and have the same tag, or both have none. Perhaps: the tags are the same, but the
    networks do not overlap, and no file says whether they share a switch. Never: the tags differ, or a platform gives each network
    its own bridge.
    """
    mine, theirs = one.management, other.management
    if "incus" in (one.platform.type, other.platform.type) or mine.vlan != theirs.vlan:
        return None
    return "error" if mine.cidr.overlaps(theirs.cidr) else "warning"


def _range(network: Network) -> str:
    whole = network.cidr[1], network.cidr[-2]
    return str(network.cidr) if network.addressable == whole else "{}-{}".format(*network.addressable)


def _vlan(network: Network) -> str:
    return f"vlan {network.vlan}" if network.vlan is not None else "untagged"


def _file(cloud: Cloud) -> str:
    return cloud.source.file if cloud.source and cloud.source.file else cloud.name


def in_order(found: Iterable[Claim]) -> tuple[Claim, ...]:
    """Claims by kind, value and environment, so that conflicting claims are neighbours."""
    return tuple(sorted(found, key=lambda entry: (entry.kind, entry.value, entry.environment, entry.where)))
