"""What environments claim for themselves, and the conflicts where two of them claim the same."""

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
    """One thing that an environment has to itself.

    Args:
        kind: what it is.
        environment: whose.
        file: the environment's file.
        where: network or, for a certificate, the entry of the store.
        value: an address, a range, an id, or the day on which a certificate ends.
        note: for a range and an id its VLAN; for a certificate the days that are left.
    """

    kind: Kind
    environment: str
    file: str
    where: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Conflict:
    """One thing that two environments have.

    Args:
        kind: what it is.
        severity: how sure it is that they get into each other's way.
        where: the field in the first one's file, dotted.
        reason: what is there twice, and where the other one is written.
        concerns: the network, and the other environment.
    """

    kind: Kind
    severity: Severity
    where: str
    reason: str
    concerns: tuple[str, ...]


def claims(subject: Subject) -> Iterator[Claim]:
    """What an environment has to itself: ranges, virtual IPs, their ids, and certificates where its store is at hand."""
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
    """What two environments both have.

    Args:
        one: the environment whose fields are named.
        other: the environment it is compared with.
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
                surely = "on the same network" if severity == "error" else "and the two may share a switch"
                reason = f"the VRRP id {vip.router_id} of {vip.address} is that of {its.address} in {place}, {surely}."
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
    """Whether two environments' virtual IPs are announced on one layer-2 network: surely, perhaps, or never (None).

    Surely where their management networks overlap and carry the same tag. Perhaps where both are untagged or have the same tag:
    nothing in the files says whether they meet at a switch. Never with different tags, nor where a platform gives each network a
    bridge of its own.
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
    """Claims by kind, value and environment, so that what conflicts stands together."""
    return tuple(sorted(found, key=lambda entry: (entry.kind, entry.value, entry.environment, entry.where)))
