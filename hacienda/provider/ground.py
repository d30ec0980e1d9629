"""What members stand on: a bridge that goes cuts off every member that is reached over it, whether this plan has them or not."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hacienda.quorum import Departure, Member, Way


@dataclass(frozen=True)
class Place:
    """Where a member is.

    Args:
        machine: id of its machine.
        host: its address for SSH.
        peers: name of each member that votes with it -> that one's address.
    """

    machine: str
    host: str
    peers: Mapping[str, str]


@dataclass(frozen=True)
class Bridge:
    """A bridge that goes.

    Args:
        name: its name.
        address: the host's own address on it, with the prefix length; `none`: it has none.
        way: `deleted` or `replaced`.
    """

    name: str
    address: str
    way: Way

    def carries(self, host: str, bridges: frozenset[str]) -> bool:
        """Whether a machine with these bridges is reached over this one."""
        return bridges == {self.name} or (self.name in bridges and self.holds(host) is True)

    def holds(self, host: str) -> bool | None:
        """Whether an address is on this bridge; None: a host name, or a bridge without an address, does not tell."""
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_interface(self.address).network
        except ValueError:
            return None


class Ground:
    """Machines and bridges of one provider process. Its caller holds a lock."""

    def __init__(self) -> None:
        self._members: dict[str, tuple[Member, Place]] = {}
        self._machines: dict[str, frozenset[str]] = {}
        self._stored: dict[str, Bridge] = {}
        self._bridges: dict[str, Bridge] = {}

    def member(self, member: Member, place: Place) -> None:
        """A member was found in the stored state."""
        self._members[member.node] = member, place

    def machine(self, identity: str, bridges: frozenset[str]) -> None:
        """A machine was found in the stored state, with the bridges that its cards are on."""
        self._machines[identity] = bridges

    def goes(self, bridge: Bridge) -> None:
        """A bridge is planned to go."""
        self._bridges[bridge.name] = bridge

    def bridge(self, name: str, address: str | None) -> None:
        """A bridge was found in the stored state, or (no address) is not there any more."""
        if address is None:
            self._stored.pop(name, None)
        else:
            self._stored[name] = Bridge(name, address, "replaced")

    def stored(self, name: str) -> Bridge | None:
        """A bridge that is there, as it goes when it is made once more."""
        return self._stored.get(name)

    def bridge_under(self, node: str) -> str:
        """Name of the bridge that goes from under a member; empty: none does."""
        return next((bridge.name for bridge, departure in self._cut_off() if departure.member.node == node), "")

    def cut_off(self) -> dict[str, Departure]:
        """Name of each member that no machine is reached by any more -> its departure."""
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
