"""Members that leave in this plan. One provider process sees every planned change of the stack, and counts departures."""

from __future__ import annotations

import threading
from collections.abc import Collection

from hacienda import quorum
from hacienda.provider.ground import Bridge, Ground, Place
from hacienda.quorum import PLANNED, Departure, Way


class Departures:
    """Counts departures across all members of one provider process. Many threads can use it.

    Terraform plans a replacement twice, the second time as a creation. It plans a tainted or `-replace`d resource only as a
    creation. So a member is being replaced if it is in the stored state, is found when read, and is then planned as a creation.
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
        """Notes a member of the stored state, and its place."""
        with self._lock:
            self._stored[member.node] = member
            if place is not None:
                self._ground.member(member, place)

    def machine(self, identity: str, bridges: Collection[str]) -> None:
        """Notes a machine of the stored state, with the bridges of its cards."""
        with self._lock:
            self._ground.machine(identity, frozenset(bridges))

    def bridge_goes(self, bridge: Bridge, *, allowed: bool = False) -> tuple[str, str] | None:
        """Notes the planned loss of a bridge. Returns like `leaves`; members that are planned later are refused themselves."""
        with self._lock:
            self._ground.goes(bridge)
            return self._new(allowed)

    def bridge(self, name: str, address: str | None) -> None:
        """Notes a bridge of the stored state, with the host's address on it. None: it was read and does not exist."""
        with self._lock:
            self._ground.bridge(name, address)

    def bridge_made(self, name: str) -> Bridge | None:
        """The stored, existing bridge that a planned creation replaces; None: it is new."""
        with self._lock:
            return self._ground.stored(name)

    def found(self, member: quorum.Member, way: Way) -> None:
        """Notes a member that was read and is unreachable or blank."""
        with self._lock:
            self._note(member, way)

    def leaves(self, member: quorum.Member, way: Way, *, allowed: bool = False) -> tuple[str, str] | None:
        """Notes a planned departure.

        Args:
            member: the member, as the stored state remembers it.
            way: `deleted` or `replaced`.
            allowed: True: the operator allows destruction. A plan with deletions only is then never refused.

        Returns:
            The refusal, as summary and detail; None if every quorum survives.
        """
        with self._lock:
            self._note(member, way)
            return self._refusal(member.node, allowed)

    def stays(
        self, declared: quorum.Member, departure: Departure | None, *, allowed: bool = False
    ) -> tuple[str, str] | None:
        """Notes a member that remains, and its planned change in place.

        Args:
            declared: the member with its peers, as it will be declared.
            departure: its departure from voter groups, `dropped` or `moved`; None: it leaves none.
            allowed: as for `leaves`.

        Returns:
            As `leaves`. It also refuses if others leave, and this member shows that fewer remain than they declare.
        """
        with self._lock:
            self._declared[declared.node] = declared
            if departure is not None:
                self._changed[departure.member.node] = departure
                return self._refusal(departure.member.node, allowed)
            return self._new(allowed)

    def replaces(self, node: str) -> bool:
        """Whether a planned creation is part of a replacement."""
        with self._lock:
            return node in self._stored and self._way(node) != "blank"

    def arrives(self, node: str, *, allowed: bool = False) -> tuple[str, str] | None:
        """Notes a planned creation, which is a replacement if the member already exists. Returns like `leaves`."""
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
        """A refusal for a group for which nothing was refused yet."""
        shown = [loss for loss in self._losses(allowed) if loss.group not in self._told_groups]
        return self._told_of(shown[0].leaving[0], shown) if shown else None

    def _views(self) -> list[quorum.Member]:
        """Members of the stored state, with the peers that each one counts."""
        known = self._stored.keys()
        declared = self._declared
        return [quorum.counted(one, declared.get(name, one), known) for name, one in self._stored.items()]

    def _losses(self, allowed: bool) -> tuple[quorum.Loss | quorum.Shortage, ...]:
        departures = self._departures()
        return (
            *quorum.refused(departures, self._views(), allowed=allowed),
            *quorum.shortages(departures, allowed=allowed),
        )

    def _refusal(self, node: str, allowed: bool) -> tuple[str, str] | None:
        departures = self._departures()
        lost = [
            loss
            for loss in self._losses(allowed)
            if any(one.member.node == node and one.leaves(loss.group) for one in departures) and loss.concerns(node)
        ]
        return self._told_of(node, lost) if lost else None

    def _told_of(self, node: str, lost: list[quorum.Loss | quorum.Shortage]) -> tuple[str, str]:
        self._told_groups.update(loss.group for loss in lost)
        what = {"dropped": "leave in place", "moved": "move"}.get(self._fate(node).way, "leave")
        if self._fate(node).way == "dropped" and any(isinstance(loss, quorum.Loss) for loss in lost):
            what = "stop voting"
        return f"{node} must not {what}: {quorum.refusal(lost)}", self._advice(lost)

    def _advice(self, lost: list[quorum.Loss | quorum.Shortage]) -> str:
        involved = sorted({name for loss in lost for name in loss.leaving})
        listed = ", ".join(f"{name} ({self._told(name)})" for name in involved)
        text = f"Nothing was touched. In this plan: {listed}.\n{quorum.explain(lost)}\n\n"
        if not self._changed.keys() & set(involved) and any(
            len(loss.voters) == 1 for loss in lost if isinstance(loss, quorum.Loss)
        ):
            return text + "It is the only voter: first make the group three voters, then replace this one. " + _OVERRIDE
        if any(loss.copies == 1 for loss in lost if isinstance(loss, quorum.Shortage)):
            return (
                text + "There is no other copy: first declare three such machines, then replace this one. " + _OVERRIDE
            )
        found = [name for name in involved if self._fate(name).way not in PLANNED]
        if found:
            return text + f"First bring {quorum.enumerate_names(found)} back, or replace it alone. " + _OVERRIDE
        if any(self._fate(name).way == "moved" for name in involved):
            return text + _ELSEWHERE
        if self._cut_off(involved):
            return text + _NETWORK
        order = "Safe order: let one node leave" if all(name in self._lost for name in involved) else _ONE_BY_ONE
        return text + (
            f"{order}, apply, wait until its gate passes and `hacienda status` shows every "
            "service healthy. Then continue with the next one. " + _OVERRIDE
        )

    def _cut_off(self, names: Collection[str]) -> bool:
        """Whether one of these members has no planned change itself, but its bridge is lost."""
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
        """The departure to report for a member that leaves in several ways.

        A member that moves need not answer at its former address, so `moved` takes precedence over `unreachable`.
        """
        lost, changed = self._lost.get(name), self._changed.get(name)
        if lost is None and changed is None:
            return self._ground.cut_off()[name]
        if lost is None or (changed and changed.way == "moved" and lost.way == "unreachable"):
            return self._changed[name]
        return lost


_NETWORK = (
    "No order makes this safe: every machine on this bridge would be cut off at once. First make another network and move the "
    "machines to it, one at a time."
)
_ONE_BY_ONE = "Safe order, as long as a majority of the voters remains: let one node leave, or leave its group"
_ELSEWHERE = (
    "A different, empty machine may be at the new address. Safe order: change the address of one voter only, apply, "
    "wait until its gate passes and `hacienda status` shows every service healthy. Then continue with the next one. If you know "
    f"that all are the same machines as before, set {quorum.ALLOW_DESTROY} to the environment's name."
)
_OVERRIDE = (
    f"To destroy the whole environment or to give up a whole service on purpose, set {quorum.ALLOW_DESTROY} to the "
    "environment's name."
)
