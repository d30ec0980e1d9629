"""Who leaves in this plan: the provider sees every planned change of the stack in one process, and counts."""

from __future__ import annotations

import threading
from collections.abc import Collection

from hacienda import quorum
from hacienda.provider.ground import Bridge, Ground, Place
from hacienda.quorum import PLANNED, Departure, Way


class Departures:
    """Counts departures across all members of one provider process. Safe to use from many threads.

    Terraform plans a replacement twice (the second time as a creation) and a tainted or `-replace`d resource as a creation
    alone. So who is found in the stored state, is there when read, and is then planned as a creation, is being replaced.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[str, quorum.Member] = {}
        self._declared: dict[str, quorum.Member] = {}
        self._told_groups: set[str] = set()
        self._ground = Ground()
        self._lost: dict[str, Departure] = {}
        self._changed: dict[str, Departure] = {}

    def stored(self, member: quorum.Member, place: Place | None = None) -> None:
        """A member was found in the stored state, and where it is."""
        with self._lock:
            self._stored[member.node] = member
            if place is not None:
                self._ground.member(member, place)

    def machine(self, identity: str, bridges: Collection[str]) -> None:
        """A machine was found in the stored state, with the bridges that its cards are on."""
        with self._lock:
            self._ground.machine(identity, frozenset(bridges))

    def bridge_goes(self, bridge: Bridge, *, allowed: bool = False) -> tuple[str, str] | None:
        """Note a bridge that is planned to go. Returns like `leaves`; members that are planned later are refused on their own."""
        with self._lock:
            self._ground.goes(bridge)
            return self._new(allowed)

    def bridge(self, name: str, address: str | None) -> None:
        """A bridge was found in the stored state, with the host's address on it; None: it was read, and is not there."""
        with self._lock:
            self._ground.bridge(name, address)

    def bridge_made(self, name: str) -> Bridge | None:
        """The bridge that a planned creation replaces: one that is stored and there; None: it is new."""
        with self._lock:
            return self._ground.stored(name)

    def found(self, member: quorum.Member, way: Way) -> None:
        """A member was read, and is not there as it should be."""
        with self._lock:
            self._note(member, way)

    def leaves(self, member: quorum.Member, way: Way, *, allowed: bool = False) -> tuple[str, str] | None:
        """Note a planned departure.

        Args:
            member: the member, as the stored state remembers it.
            way: `deleted` or `replaced`.
            allowed: destroying the environment was asked for: deletions alone are never refused.

        Returns:
            Why it must not be, as summary and detail; None when every quorum survives.
        """
        with self._lock:
            self._note(member, way)
            return self._refusal(member.node, allowed)

    def stays(
        self, declared: quorum.Member, departure: Departure | None, *, allowed: bool = False
    ) -> tuple[str, str] | None:
        """Note a member that there will be, and a planned change of it in place.

        Args:
            declared: the member, as it will be declared: whom it counts on.
            departure: what the change takes from voter groups: `dropped` or `moved`; None: nothing.
            allowed: as for `leaves`.

        Returns:
            As `leaves`; also where others leave, and this one shows that fewer remain than they say.
        """
        with self._lock:
            self._declared[declared.node] = declared
            if departure is not None:
                self._changed[departure.member.node] = departure
                return self._refusal(departure.member.node, allowed)
            return self._new(allowed)

    def replaces(self, node: str) -> bool:
        """Whether a planned creation is half of a replacement."""
        with self._lock:
            return node in self._stored and self._way(node) != "blank"

    def arrives(self, node: str, *, allowed: bool = False) -> tuple[str, str] | None:
        """Note a planned creation: a replacement if the member exists already. Returns like `leaves`."""
        with self._lock:
            member = self._stored.get(node)
            if member is None:
                return None
            if self._way(node) != "blank":
                self._note(member, "replaced")
            return self._refusal(node, allowed)

    def _way(self, node: str) -> Way | None:
        return self._lost[node].way if node in self._lost else None

    def _note(self, member: quorum.Member, way: Way) -> None:
        if way in PLANNED or self._way(member.node) not in PLANNED:
            self._lost[member.node] = Departure(member, way)

    def _departures(self) -> list[Departure]:
        return [*self._ground.cut_off().values(), *self._lost.values(), *self._changed.values()]

    def _new(self, allowed: bool) -> tuple[str, str] | None:
        """A refusal of what nobody was refused for so far."""
        shown = [loss for loss in self._losses(allowed) if loss.group not in self._told_groups]
        return self._told_of(shown[0].leaving[0], shown) if shown else None

    def _views(self) -> list[quorum.Member]:
        """Members that there will be, as each of them counts the others."""
        known = self._stored.keys()
        declared = self._declared
        return [quorum.counted(one, declared.get(name, one), known) for name, one in self._stored.items()]

    def _losses(self, allowed: bool) -> tuple[quorum.Loss, ...]:
        return quorum.refused(self._departures(), self._views(), allowed=allowed)

    def _refusal(self, node: str, allowed: bool) -> tuple[str, str] | None:
        departures = self._departures()
        lost = [
            loss
            for loss in self._losses(allowed)
            if any(one.member.node == node and one.leaves(loss.group) for one in departures) and node in loss.voters
        ]
        return self._told_of(node, lost) if lost else None

    def _told_of(self, node: str, lost: list[quorum.Loss]) -> tuple[str, str]:
        self._told_groups.update(loss.group for loss in lost)
        groups = quorum.enumerate_names([loss.group for loss in lost])
        what = {"dropped": "stop voting", "moved": "move"}.get(self._fate(node).way, "go")
        return f"{node} must not {what}: {groups} {quorum.REFUSAL}", self._advice(lost)

    def _advice(self, lost: list[quorum.Loss]) -> str:
        involved = sorted({name for loss in lost for name in loss.leaving})
        listed = ", ".join(f"{name} ({self._told(name)})" for name in involved)
        text = f"Nothing was touched. In this plan: {listed}.\n{quorum.explain(lost)}\n\n"
        if not self._changed.keys() & set(involved) and any(len(loss.voters) == 1 for loss in lost):
            return text + "It is the only voter: make it three first, then replace it. " + _OVERRIDE
        found = [name for name in involved if self._fate(name).way not in PLANNED]
        if found:
            return text + f"First bring {quorum.enumerate_names(found)} back, or replace it alone. " + _OVERRIDE
        if any(self._fate(name).way == "moved" for name in involved):
            return text + _ELSEWHERE
        if self._cut_off(involved):
            return text + _NETWORK
        order = "Safe order: let one node go" if all(name in self._lost for name in involved) else _ONE_BY_ONE
        return text + (
            f"{order}, apply, wait until its gate passes and `hacienda status` shows every "
            "service healthy; then the next one. " + _OVERRIDE
        )

    def _cut_off(self, names: Collection[str]) -> bool:
        """Whether one of these does nothing itself, and stands on a bridge that goes."""
        own = self._lost.keys() | self._changed.keys()
        return any(name in self._ground.cut_off() and name not in own for name in names)

    def _told(self, name: str) -> str:
        fate = self._fate(name)
        if self._cut_off([name]):
            return f"to be cut off: the bridge {self._ground.bridge_under(name)} is {fate.way}"
        if fate.way == "dropped":
            return f"to leave {quorum.enumerate_names(sorted(fate.groups or ()))}, in place"
        return f"to be {fate.way}" if fate.way in PLANNED else fate.way

    def _fate(self, name: str) -> Departure:
        """What is told of one that leaves in several ways. Who is to be found elsewhere need not answer where it was."""
        lost, changed = self._lost.get(name), self._changed.get(name)
        if lost is None and changed is None:
            return self._ground.cut_off()[name]
        if lost is None or (changed and changed.way == "moved" and lost.way == "unreachable"):
            return self._changed[name]
        return lost


_NETWORK = (
    "No order makes this safe: everybody on this bridge would be cut off at once. Make another network first and move the machines "
    "to it, one at a time."
)
_ONE_BY_ONE = "Safe order, as long as what remains is a majority of what was: let one node go, or leave its group"
_ELSEWHERE = (
    "At another address may be another machine, with nothing on it. Safe order: change the address of one voter alone, apply, "
    "wait until its gate passes and `hacienda status` shows every service healthy; then the next one. Where all are known to be "
    f"the same machines as before, set {quorum.ALLOW_DESTROY} to the environment's name."
)
_OVERRIDE = (
    f"To destroy the whole environment, or to give up a whole service, on purpose, set {quorum.ALLOW_DESTROY} to the "
    "environment's name."
)
