"""Whether a set of departures would cost a quorum, or too many copies: departures and declarations in, lost groups out. It does no
I/O.

A group's voters are always the *declared* ones, as each member's own declaration lists them. A cluster that has already lost
members must not appear to have a majority among the rest. Where declarations disagree, the smaller voter group counts: a voter that
has left must not appear to remain.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
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

TOO_FEW = "would have too few copies"
"""The same for a redundancy group."""

ALLOW_DESTROY = "HACIENDA_ALLOW_DESTROY"
"""Environment variable: name of the environment that may be destroyed, or may give up whole services, on purpose."""

REVIEW = "HACIENDA_REVIEW"
"""Environment variable: name of the environment whose plan is made for reading only. A refusal then becomes a warning; the plan
cannot be applied."""


@dataclass(frozen=True)
class Share:
    """A member's part in a redundancy group.

    Args:
        domain: failure domain of its copies. Another domain holds other copies.
        copies: number of copies in the whole group, each in another domain.
        minimum: copies without which clients are not served.
    """

    domain: str
    copies: int
    minimum: int

    @property
    def spare(self) -> int:
        """Domains that may be lost at once. One of several always may: otherwise no lost machine could be replaced."""
        return max(self.copies - self.minimum, min(self.copies, 2) - 1)


@dataclass(frozen=True)
class Member:
    """One member as it is declared, or as the stored state remembers it.

    Args:
        node: its name.
        votes: voter group -> its weight there; empty for a member without a vote.
        peers: name of another member -> that member's votes.
        shares: redundancy group -> its part there; empty for a member without copies.
    """

    node: str
    votes: Mapping[str, int]
    peers: Mapping[str, Mapping[str, int]]
    shares: Mapping[str, Share] = field(default_factory=dict)

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

    def concerns(self, node: str) -> bool:
        """Whether a node votes in the group."""
        return node in self.voters


@dataclass(frozen=True)
class Shortage:
    """A redundancy group that would be left with too few copies.

    Args:
        group: its name.
        leaving: members that would be gone, sorted.
        domains: their failure domains, sorted.
        copies: copies of the whole group.
        minimum: copies without which clients are not served.
    """

    group: str
    leaving: tuple[str, ...]
    domains: tuple[str, ...]
    copies: int
    minimum: int

    @property
    def left(self) -> int:
        """Copies that would certainly remain."""
        return max(0, self.copies - len(self.domains))

    def concerns(self, node: str) -> bool:
        """Whether a node would be gone."""
        return node in self.leaving


@dataclass(frozen=True)
class Departure:
    """A member that will not be there, or that leaves voter groups.

    Args:
        member: the member, as it was declared.
        way: how it is lost.
        groups: voter groups and redundancy groups that it leaves; None: all of its groups.
    """

    member: Member
    way: Way
    groups: Collection[str] | None = None

    def leaves(self, group: str) -> bool:
        """Whether the departure takes the member out of that group."""
        return self.groups is None or group in self.groups


def dropped(member: Member, after: Collection[str]) -> Departure | None:
    """The departure of a member whose groups change in place.

    Args:
        member: as it was declared.
        after: voter groups and redundancy groups, as they will be declared.

    Returns:
        Its departure from the groups that are no longer declared; None: it stays in all groups.
    """
    groups = frozenset((member.votes.keys() | member.shares.keys()) - set(after))
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
    return Member(stored.node, stored.votes, peers, stored.shares)


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


def shortages(departures: Collection[Departure], *, allowed: bool = False) -> tuple[Shortage, ...]:
    """Redundancy groups that a plan would leave with too few copies, by name. The plan is refused unless this is empty.

    A deleted member is not counted: the provider moves its copies elsewhere before it leaves, and refuses where it cannot. A
    forgotten one keeps running.

    Args:
        departures: all departures from one cluster.
        allowed: True: the operator allows destruction. Only a plan with a replacement is then still refused.
    """
    sudden = [one for one in departures if one.way not in ("deleted", "forgotten")]
    if allowed and all(one.way != "replaced" for one in sudden):
        return ()
    found = []
    for group in sorted({group for one in sudden for group in one.member.shares if one.leaves(group)}):
        leavers = [one for one in sudden if group in one.member.shares and one.leaves(group)]
        shares = [one.member.shares[group] for one in leavers]
        domains = tuple(sorted({share.domain for share in shares}))
        least = min(shares, key=lambda share: (share.spare, share.copies))
        if len(domains) > least.spare and any(one.way in PLANNED for one in leavers):
            names = tuple(sorted({one.member.node for one in leavers}))
            found.append(Shortage(group, names, domains, least.copies, least.minimum))
    return tuple(found)


def refusal(lost: Iterable[Loss | Shortage]) -> str:
    """What the groups would lose, in one line. It contains REFUSAL or TOO_FEW."""
    listed = list(lost)
    kinds = (
        (REFUSAL, [one.group for one in listed if isinstance(one, Loss)]),
        (TOO_FEW, [one.group for one in listed if isinstance(one, Shortage)]),
    )
    return "; ".join(f"{enumerate_names(groups)} {words}" for words, groups in kinds if groups)


def explain(lost: Iterable[Loss | Shortage]) -> str:
    """The losses in the operator's words: one line per distinct set of voters, and one per redundancy group."""
    listed = list(lost)
    short = [_explain_shortage(one) for one in listed if isinstance(one, Shortage)]
    return "\n".join([*_explain_losses(one for one in listed if isinstance(one, Loss)), *short])


def _explain_shortage(one: Shortage) -> str:
    where = "" if one.domains == one.leaving else f" (failure domains {enumerate_names(one.domains)})"
    what = "copy" if one.copies == 1 else "copies"
    return (
        f"{one.group}: of {one.copies} {what}, those on {enumerate_names(one.leaving)}{where} would be gone and {one.left} would "
        f"remain; clients need {one.minimum}."
    )


def _explain_losses(lost: Iterable[Loss]) -> list[str]:
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
    return lines


def enumerate_names(names: Collection[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}" if listed else "none"
