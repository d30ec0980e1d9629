"""Whether a set of departures would cost a quorum: departures and declared voters in, lost groups out. It does no I/O.

A group's voters are always the *declared* ones, as each member's own declaration lists them. A cluster that has already lost
members must not appear to have a majority among the rest. Where declarations disagree, the smaller voter group counts: a voter that
has left must not appear to remain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Way = Literal["deleted", "replaced", "dropped", "moved", "forgotten", "unreachable", "blank"]
"""How a member is lost, as the plan says or as a check finds. A loss that was found counts, but alone it refuses no plan.

- `deleted`, `replaced`: planned.
- `dropped`: planned. The member stays, but its new declaration no longer names the voter group.
- `moved`: planned. The member gets another address, and nothing proves yet that the same machine answers there.
- `forgotten`: planned. The member keeps running, but leaves Terraform's state, so nothing counts it any more.
- `unreachable`, `blank`: found.
"""

PLANNED: tuple[Way, ...] = ("deleted", "replaced", "dropped", "moved", "forgotten")
"""Ways that a plan causes."""

REFUSAL = "would lose the quorum"
"""Words that distinguish the output of a refused plan from that of a failed one."""

ALLOW_DESTROY = "HACIENDA_ALLOW_DESTROY"
"""Environment variable: name of the environment that may be destroyed, or may give up whole services, on purpose."""

REVIEW = "HACIENDA_REVIEW"
"""Environment variable: name of the environment whose plan is made for reading only. A refusal then becomes a warning; the plan
cannot be applied."""


@dataclass(frozen=True)
class Member:
    """One member as it is declared, or as the stored state remembers it.

    Args:
        node: its name.
        votes: voter group -> its weight there; empty for a member without a vote.
        peers: name of another member -> that member's votes.
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
        leaving: voters that would be gone, sorted.
        remaining: the other voters, sorted.
    """

    group: str
    voters: Mapping[str, int]
    leaving: tuple[str, ...]
    remaining: tuple[str, ...]

    @property
    def needed(self) -> int:
        """Number of votes that make a majority."""
        return majority(self.voters)


@dataclass(frozen=True)
class Departure:
    """A member that will not be there, or that leaves voter groups.

    Args:
        member: the member, as it was declared.
        way: how it is lost.
        groups: voter groups that it leaves; None: all of its groups.
    """

    member: Member
    way: Way
    groups: Collection[str] | None = None

    def leaves(self, group: str) -> bool:
        """Whether the departure takes the member out of that group."""
        return self.groups is None or group in self.groups


def dropped(member: Member, after: Mapping[str, int]) -> Departure | None:
    """The departure of a member whose votes change in place.

    Args:
        member: as it was declared.
        after: voter group -> weight, as it will be declared.

    Returns:
        Its departure from the groups that are no longer declared; None: it keeps voting in all groups.
    """
    groups = frozenset(member.votes.keys() - after.keys())
    return Departure(member, "dropped", groups) if groups else None


def moved(member: Member, host: str, after: str | None, *, proven: bool) -> Departure | None:
    """The departure of a member whose SSH address changes in place.

    Args:
        member: as it was declared.
        host: its SSH address, as it was declared.
        after: its SSH address, as it will be declared; None: not known yet.
        proven: True: the same machine is known to answer at the new address, or nothing connects to it.

    Returns:
        Its departure from all groups, because a blank machine may be at the new address; None: it does not move.
    """
    return None if proven or host == after else Departure(member, "moved")


def majority(voters: Mapping[str, int]) -> int:
    """Number of votes that make a majority of the declared voters: 2 of 3, 3 of 4, 1 of 1."""
    return sum(voters.values()) // 2 + 1


def holds(voters: Mapping[str, int], present: Collection[str]) -> bool:
    """Whether the present voters have a majority of the declared votes."""
    return sum(weight for node, weight in voters.items() if node in present) >= majority(voters)


def counted(stored: Member, declared: Member, existing: Collection[str]) -> Member:
    """A remaining member with the peers that it counts.

    These are the peers in its stored state, without those that its new declaration drops and that have no state. Such peers left
    earlier, and the stored list is stale.

    Args:
        stored: the member, as the stored state remembers it.
        declared: the same member, as it will be declared.
        existing: names of members that have a state.
    """
    peers = {name: votes for name, votes in stored.peers.items() if name in declared.peers or name in existing}
    return Member(stored.node, stored.votes, peers)


def voter_group(group: str, views: Iterable[Member], gone: Collection[str]) -> dict[str, int]:
    """The declared voters of a group, where the members' views may disagree.

    The smallest list of voters counts that would lose its majority without those in `gone`; if there is none, the smallest list. A
    stale list, left by an interrupted apply or a plan with -target, names too many voters.

    Args:
        group: the voter group.
        views: members that vote in it, with the peers that each one counts; at least one.
        gone: names of members that will not be there.
    """
    seen = [view.voters(group) for view in views if group in view.votes]
    return min(seen, key=lambda voters: (holds(voters, voters.keys() - set(gone)), len(voters)))


def losses(departures: Collection[Departure], others: Collection[Member] = ()) -> tuple[Loss, ...]:
    """Groups that have no majority once all these departures have happened, by name.

    Args:
        departures: all departures.
        others: views of members that remain (`counted`), and of replaced members as they will return. Each view counts as much as
            that of a departing member.
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
    """Groups that a plan would leave without a majority, by name. The plan is refused unless this is empty.

    Args:
        departures: all departures from one cluster.
        others: as for `losses`.
        allowed: True: the operator allows destruction. Only a plan with a replacement is then still refused.
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
    """The losses in the operator's words: one line per distinct set of voters."""
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
