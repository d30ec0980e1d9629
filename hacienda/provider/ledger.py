"""Who leaves in this plan: the provider sees every planned change of the stack in one process, and counts."""

from __future__ import annotations

import threading
from typing import Literal

from hacienda import quorum

Way = Literal["deleted", "replaced", "unreachable", "blank"]
"""How a member is lost: planned to be, or found to be. What is found counts, but is no reason for a refusal by itself."""

_PLANNED: tuple[Way, ...] = ("deleted", "replaced")


class Ledger:
    """Counts departures across all members of one provider process. Safe to use from many threads.

    Terraform plans a replacement twice (the second time as a creation) and a tainted or `-replace`d resource as a creation
    alone. So who is found in the stored state, is there when read, and is then planned as a creation, is being replaced.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[str, quorum.Member] = {}
        self._lost: dict[str, Way] = {}
        self._members: dict[str, quorum.Member] = {}

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

    def replaces(self, node: str) -> bool:
        """Whether a planned creation is half of a replacement."""
        with self._lock:
            return node in self._stored and self._lost.get(node) != "blank"

    def arrives(self, node: str, *, allowed: bool = False) -> tuple[str, str] | None:
        """Note a planned creation: a replacement if the member exists already. Returns like `leaves`."""
        with self._lock:
            member = self._stored.get(node)
            if member is None:
                return None
            if self._lost.get(node) != "blank":
                self._note(member, "replaced")
            return self._refusal(node, allowed)

    def _note(self, member: quorum.Member, way: Way) -> None:
        if way in _PLANNED or self._lost.get(member.node) not in _PLANNED:
            self._lost[member.node] = way
            self._members[member.node] = member

    def _refusal(self, node: str, allowed: bool) -> tuple[str, str] | None:
        planned = {name: way for name, way in self._lost.items() if way in _PLANNED}
        if not planned or (allowed and "replaced" not in planned.values()):
            return None
        votes = self._members[node].votes if node in self._members else {}
        lost = [loss for loss in quorum.losses(self._members.values(), self._lost) if loss.group in votes]
        if not lost or not any(name in planned for loss in lost for name in loss.leaving):
            return None
        groups = quorum.enumerate_names([loss.group for loss in lost])
        return f"{node} must not go: {groups} would lose the quorum", self._advice(lost)

    def _advice(self, lost: list[quorum.Loss]) -> str:
        involved = sorted({name for loss in lost for name in loss.leaving})
        listed = ", ".join(f"{name} ({self._told(name)})" for name in involved)
        text = f"Nothing was touched. In this plan: {listed}.\n{quorum.explain(lost)}\n\n"
        if any(not loss.remaining for loss in lost if len(loss.electorate) == 1):
            return text + "It is the only voter: make it three first, then replace it. " + _OVERRIDE
        found = [name for name in involved if self._lost[name] not in _PLANNED]
        if found:
            return text + f"First bring {quorum.enumerate_names(found)} back, or replace it alone. " + _OVERRIDE
        return text + (
            "Safe order: let one node go, apply, wait until its gate passes and `hacienda status` shows every "
            "service healthy; then the next one. " + _OVERRIDE
        )

    def _told(self, name: str) -> str:
        way = self._lost[name]
        return f"to be {way}" if way in _PLANNED else way


_OVERRIDE = "To destroy the whole environment on purpose, set HACIENDA_ALLOW_DESTROY to its name."
