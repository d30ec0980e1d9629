"""Who leaves in this plan: the provider sees every planned change of the stack in one process, and counts."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from hacienda import quorum
from hacienda.quorum import PLANNED, Departure, Way


class Ledger:
    """Counts departures across all members of one provider process. Safe to use from many threads.

    Terraform plans a replacement twice (the second time as a creation) and a tainted or `-replace`d resource as a creation
    alone. So who is found in the stored state, is there when read, and is then planned as a creation, is being replaced.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[str, quorum.Member] = {}
        self._lost: dict[str, Departure] = {}
        self._dropped: dict[str, Departure] = {}

    def stored(self, member: quorum.Member) -> None:
        """A member was found in the stored state."""
        with self._lock:
            self._stored[member.node] = member

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
        self, member: quorum.Member, after: Mapping[str, int], *, allowed: bool = False
    ) -> tuple[str, str] | None:
        """Note a planned change in place, which may leave voter groups.

        Args:
            member: the member, as the stored state remembers it.
            after: voter group -> weight, as it is declared now.
            allowed: as for `leaves`.

        Returns:
            As `leaves`.
        """
        departure = quorum.dropped(member, after)
        if departure is None:
            return None
        with self._lock:
            self._dropped[member.node] = departure
            return self._refusal(member.node, allowed)

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

    def _refusal(self, node: str, allowed: bool) -> tuple[str, str] | None:
        departures = [*self._lost.values(), *self._dropped.values()]
        lost = [
            loss
            for loss in quorum.refused(departures, allowed=allowed)
            if any(one.member.node == node and one.leaves(loss.group) for one in departures) and node in loss.electorate
        ]
        if not lost:
            return None
        groups = quorum.enumerate_names([loss.group for loss in lost])
        what = "go" if node in self._lost else "stop voting"
        return f"{node} must not {what}: {groups} {quorum.REFUSAL}", self._advice(lost)

    def _advice(self, lost: list[quorum.Loss]) -> str:
        involved = sorted({name for loss in lost for name in loss.leaving})
        listed = ", ".join(f"{name} ({self._told(name)})" for name in involved)
        text = f"Nothing was touched. In this plan: {listed}.\n{quorum.explain(lost)}\n\n"
        if not self._dropped.keys() & set(involved) and any(len(loss.electorate) == 1 for loss in lost):
            return text + "It is the only voter: make it three first, then replace it. " + _OVERRIDE
        found = [name for name in involved if name in self._lost and self._lost[name].way not in PLANNED]
        if found:
            return text + f"First bring {quorum.enumerate_names(found)} back, or replace it alone. " + _OVERRIDE
        order = "Safe order: let one node go" if all(name in self._lost for name in involved) else _ONE_BY_ONE
        return text + (
            f"{order}, apply, wait until its gate passes and `hacienda status` shows every "
            "service healthy; then the next one. " + _OVERRIDE
        )

    def _told(self, name: str) -> str:
        if name in self._dropped and name not in self._lost:
            return f"to leave {quorum.enumerate_names(sorted(self._dropped[name].groups or ()))}, in place"
        way = self._lost[name].way
        return f"to be {way}" if way in PLANNED else way


_ONE_BY_ONE = "Safe order, as long as what remains is a majority of what was: let one node go, or leave its group"
_OVERRIDE = (
    f"To destroy the whole environment, or to give up a whole service, on purpose, set {quorum.ALLOW_DESTROY} to the "
    "environment's name."
)
