"""The one predicate "would this cost the quorum". Pure: planned changes and declared voters in, what would be lost out.

The voters of a group are always the *declared* ones, as each member's own declaration tells it: a cluster that has
lost members already must not appear to have a majority among the rest. Where declarations disagree, the smaller voter group counts:
a voter that has left must not appear to remain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Way = Literal["deleted", "replaced", "dropped", "moved", "forgotten", "unreachable", "blank"]
"""How a member is lost: planned to be, or found to be. What is found counts, but is no reason for a refusal by itself. `dropped`:
it stays, and leaves voter groups in place, because its declaration names them no more. `moved`: it is to be found at another
address, and nothing tells yet that the machine there is the same one. `forgotten`: it goes on, and nothing counts it from then
on."""

PLANNED: tuple[Way, ...] = ("deleted", "replaced", "dropped", "moved", "forgotten")
"""Ways that a plan is to blame for."""

REFUSAL = "would lose the quorum"
"""The words by which a refused plan is known from one that failed."""

ALLOW_DESTROY = "HACIENDA_ALLOW_DESTROY"
"""Environment variable: the name of the environment that may be destroyed, or may give up whole services, on purpose."""

REVIEW = "HACIENDA_REVIEW"
"""Environment variable: the name of the environment whose plan is made to be read, not to be applied: what would be refused is
planned all the same, with a warning, and cannot be applied."""


@dataclass(frozen=True)
class Member:
    """One member as it is declared, or as the stored state remembers it.

    Args:
        node: its name.
        votes: voter group -> its weight there; empty for a member that votes nowhere.
        peers: name of another member -> that one's votes.
    """

    node: str
    votes: Mapping[str, int]
    peers: Mapping[str, Mapping[str, int]]

    def voters(self, group: str) -> dict[str, int]:
        """Every declared voter of a group, itself included, with its weight."""
        voters = {node: votes[group] for node, votes in self.peers.items() if group in votes}
        return {**voters, self.node: self.votes[group]} if group in self.votes else voters


@dataclass(frozen=True)
class Loss:
    """A group that would be left without a majority.

    Args:
        group: its name.
        voters: all declared voters and their weights.
        leaving: those that would be gone, sorted.
        remaining: the others, sorted.
    """

    group: str
    voters: Mapping[str, int]
    leaving: tuple[str, ...]
    remaining: tuple[str, ...]

    @property
    def needed(self) -> int:
        """Votes that a majority takes."""
        return majority(self.voters)


@dataclass(frozen=True)
class Departure:
    """A member that will not be there, and why.

    Args:
        member: the member, as it was declared.
        way: how it is lost.
        groups: those that it leaves; None: all there are.
    """

    member: Member
    way: Way
    groups: Collection[str] | None = None

    def leaves(self, group: str) -> bool:
        """Whether it will not be there for that group."""
        return self.groups is None or group in self.groups


def dropped(member: Member, after: Mapping[str, int]) -> Departure | None:
    """What becomes of a member that is changed in place.

    Args:
        member: as it was declared.
        after: voter group -> weight, as it will be declared.

    Returns:
        Its departure from the groups that are not declared any more; None: it goes on voting in all of them.
    """
    groups = frozenset(member.votes.keys() - after.keys())
    return Departure(member, "dropped", groups) if groups else None


def moved(member: Member, host: str, after: str | None, *, proven: bool) -> Departure | None:
    """What becomes of a member whose way there is changed in place.

    Args:
        member: as it was declared.
        host: its address for SSH, as it was declared.
        after: the same, as it will be declared; None: that is not known yet.
        proven: who answers there is known to be the same machine, or is not spoken to.

    Returns:
        Its departure from everything, since a blank machine may be at the other address; None: it is where it was.
    """
    return None if proven or host == after else Departure(member, "moved")


def majority(voters: Mapping[str, int]) -> int:
    """Votes that more than half of the declared voters takes: 2 of 3, 3 of 4, 1 of 1."""
    return sum(voters.values()) // 2 + 1


def holds(voters: Mapping[str, int], present: Collection[str]) -> bool:
    """Whether the voters that are present have a majority of the declared voters."""
    return sum(weight for node, weight in voters.items() if node in present) >= majority(voters)


def counted(stored: Member, declared: Member, existing: Collection[str]) -> Member:
    """A member that is there afterwards, as it counts the others: by its stored state, but for voters that its new declaration
    drops and that no state knows. Those left earlier, and the list that names them is stale.

    Args:
        stored: the member, as the stored state remembers it.
        declared: the same, as it will be declared.
        existing: names of members that have a state.
    """
    peers = {name: votes for name, votes in stored.peers.items() if name in declared.peers or name in existing}
    return Member(stored.node, stored.votes, peers)


def voter_group(group: str, views: Iterable[Member], gone: Collection[str]) -> dict[str, int]:
    """The declared voters that count where views disagree: the smallest voter group that those who are gone would lose, else the
    smallest one. A list that is stale (an apply that was interrupted, a plan with -target) names too many.

    Args:
        group: the voter group.
        views: members that vote in it, as each of them counts the others: at least one.
        gone: names of those that will not be there.
    """
    seen = [view.voters(group) for view in views if group in view.votes]
    return min(seen, key=lambda voters: (holds(voters, voters.keys() - set(gone)), len(voters)))


def losses(departures: Collection[Departure], others: Collection[Member] = ()) -> tuple[Loss, ...]:
    """Groups without a majority once all of these members have left, by name.

    Args:
        departures: everybody who will not be there.
        others: views of those who will (`counted`), and of those who leave as they are to come back: each counts as much as
            the view of one that leaves.
    """
    found: list[Loss] = []
    groups = {group for departure in departures for group in departure.member.votes if departure.leaves(group)}
    for group in sorted(groups):
        leavers = [departure.member for departure in departures if departure.leaves(group)]
        gone = {member.node for member in leavers}
        voters = voter_group(group, (*leavers, *others), gone)
        remaining = tuple(sorted(voters.keys() - gone))
        if not holds(voters, remaining):
            found.append(Loss(group, voters, tuple(sorted(voters.keys() & gone)), remaining))
    return tuple(found)


def refused(
    departures: Collection[Departure], others: Collection[Member] = (), *, allowed: bool = False
) -> tuple[Loss, ...]:
    """What a plan must not do: groups that it would leave without a majority, by name; none: nothing stands against it.

    Args:
        departures: everybody who will not be there, of one cluster.
        others: as for `losses`.
        allowed: destroying was asked for: replacements alone are still refused.
    """
    planned = [departure for departure in departures if departure.way in PLANNED]
    if allowed and all(departure.way != "replaced" for departure in planned):
        return ()
    return tuple(
        loss
        for loss in losses(departures, others)
        if any(one.leaves(loss.group) and one.member.node in loss.leaving for one in planned)
    )


def explain(lost: Iterable[Loss]) -> str:
    """What would be lost, in the operator's words: one line per distinct voter group."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...], int], list[str]] = {}
    for loss in lost:
        groups.setdefault((loss.leaving, loss.remaining, loss.needed), []).append(loss.group)
    lines = []
    for (leaving, remaining, needed), names in groups.items():
        total = len(leaving) + len(remaining)
        rest = f"only {enumerate_names(remaining)} would remain" if remaining else "none would remain"
        lines.append(
            f"{enumerate_names(names)}: of {total} declared {'voter' if total == 1 else 'voters'}, "
            f"{enumerate_names(leaving)} would be gone and {rest}; a majority takes {needed}."
        )
    return "\n".join(lines)


def enumerate_names(names: Collection[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else "none"
