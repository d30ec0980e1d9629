"""Bridges under members. The deletion of a bridge cuts off every member that is reached over it, even members outside
this plan."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hacienda.quorum import Departure, Member, Way


@dataclass(frozen=True)
class Place:
    """The place of a member.

    Args:
        machine: id of its machine.
        host: its address for SSH.
        peers: name of each member that votes with it -> that member's address.
    """

    machine: str
    host: str
    peers: Mapping[str, str]


@dataclass(frozen=True)
class Bridge:
    """A bridge that is planned to be deleted or replaced.

    Args:
        name: its name.
        address: the host's own address on it, with the prefix length; `none`: there is none.
        way: `deleted` or `replaced`.
    """

    name: str
    address: str
    way: Way

    def carries(self, host: str, bridges: frozenset[str]) -> bool:
        """Whether a machine with these bridges is reached over this one."""
        return bridges == {self.name} or (self.name in bridges and self.holds(host) is True)

    def holds(self, host: str) -> bool | None:
        """Whether an address is on this bridge; None: unknown, because of a host name or a bridge without an
        address."""
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_interface(self.address).network
        except ValueError:
            return None


class Ground:
    """Machines and bridges of one provider process. The caller must hold a lock."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[Member, Place]] = {}
        self._machines: dict[str, frozenset[str]] = {}
        self._stored: dict[str, Bridge] = {}
        self._bridges: dict[str, Bridge] = {}

    def member(self, member: Member, place: Place) -> None:
        """Records a member of the stored state."""
        self._members[member.node] = member, place

    def machine(self, identity: str, bridges: frozenset[str]) -> None:
        """Records a machine of the stored state, with the bridges of its cards."""
        self._machines[identity] = bridges

    def goes(self, bridge: Bridge) -> None:
        """Records a bridge whose deletion is planned."""
        self._bridges[bridge.name] = bridge

    def bridge(self, name: str, address: str | None) -> None:
        """Records a bridge of the stored state, or (no address) its absence."""
        if address is None:
            self._stored.pop(name, None)
        else:
            self._stored[name] = Bridge(name, address, "replaced")

    def stored(self, name: str) -> Bridge | None:
        """An existing bridge, as a departure: its creation is planned again, so it is replaced."""
        return self._stored.get(name)

    def bridge_under(self, node: str) -> str:
        """Name of the departing bridge under a member; empty: there is none."""
        return next((bridge.name for bridge, departure in self._cut_off() if departure.member.node == node), "")

    def cut_off(self) -> dict[str, Departure]:
        """Name of each member that loses its connection -> its departure."""
        return {departure.member.node: departure for _, departure in self._cut_off()}

    def _cut_off(self) -> Iterator[tuple[Bridge, Departure]]:
        for bridge in self._bridges.values():
            for member, place in self._members.values():
                if not bridge.carries(place.host, self._machines.get(place.machine, frozenset())):
                    continue
                yield bridge, Departure(member, bridge.way)
                everyone = {**member.peers, member.node: member.votes}
                for peer in (name for name, host in place.peers.items() if bridge.holds(host) is not False):
                    others = {name: votes for name, votes in everyone.items() if name != peer}
                    yield bridge, Departure(Member(peer, everyone[peer], others), bridge.way)
