"""The members in plans: what happens to each, and which of them vote together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

from hacienda import quorum
from hacienda.cloudinit.facts import ETC
from hacienda.errors import InputError
from hacienda.remote import trust
from hacienda.review.plan.action import PlannedAction
from hacienda.review.plan.guard.machines import Ground, grounds
from hacienda.review.plan.guard.references import resource
from hacienda.review.plan.reader import Plan
from hacienda.services import registry

Outcome = quorum.Way | Literal["stays"]
"""What happens to a member. `dropped` here includes a member that stays and stops running a service."""

_FACTS = f"{ETC}/services/"
"""Directory of the facts files, one `<service>.env` for each service of a node. The member's `files` name them."""


@dataclass(frozen=True)
class MemberState:
    """A member that exists.

    Args:
        source: the plan that contains the member.
        address: Terraform address of the member.
        cluster: name of its environment; empty: the plan does not name it.
        host: address for SSH.
        voter: the member as its stored state records it.
        declared: the member as the plan declares it; None: it will not exist.
        peers: the members that vote with it: name -> host.
        services: services that it runs for other nodes.
        outcome: what happens to it.
        dropped: voter groups and redundancy groups that it leaves in place; empty for every outcome but `dropped`.
        ceased: services that it no longer runs for other nodes afterwards, whatever its outcome.
        taken: addresses of the resources whose loss takes the member too; empty: only its own action does.
        networks: addresses of networks whose loss alone takes the member; no order helps then.
        requested: its own address and those in `taken` that a separate step replaces only where `-replace` names them.
    """

    source: str
    address: str
    cluster: str
    host: str
    voter: quorum.Member
    peers: Mapping[str, str]
    services: frozenset[str]
    outcome: Outcome
    dropped: frozenset[str] = frozenset()
    ceased: frozenset[str] = frozenset()
    taken: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    requested: tuple[str, ...] = ()
    declared: quorum.Member | None = None

    @property
    def node(self) -> str:
        """Name of the node."""
        return self.voter.node

    @property
    def groups(self) -> frozenset[str]:
        """Voter groups and redundancy groups that the member leaves. The value means nothing for a member that stays."""
        return (
            self.dropped if self.outcome == "dropped" else frozenset(self.voter.votes.keys() | self.voter.shares.keys())
        )

    @property
    def departure(self) -> quorum.Departure | None:
        """The departure for `hacienda.quorum`, which decides for guard and provider; None: the member stays."""
        return None if self.outcome == "stays" else quorum.Departure(self.voter, self.outcome, self.groups)

    def gives_up(self, service: str) -> bool:
        """Whether the member stops running a service, at least for a while."""
        return service in self.ceased or self.outcome not in ("stays", "dropped", "forgotten")


@dataclass(frozen=True)
class Cluster:
    """Members of one environment.

    Args:
        name: the environment's name; empty: unknown.
        states: members that exist.
        peer_groups: existing members, divided into peer groups; a member that votes nowhere is in none.
        created: source, name and address of members that the plan creates and that do not exist, or no longer exist.
    """

    name: str
    states: tuple[MemberState, ...]
    peer_groups: tuple[tuple[MemberState, ...], ...]
    created: tuple[tuple[str, str, str], ...] = ()

    @cached_property
    def copies(self) -> Mapping[str, frozenset[str]]:
        """Service -> Terraform addresses of the members that run it."""
        found: dict[str, set[str]] = {}
        for state in self.states:
            for service in state.services:
                found.setdefault(service, set()).add(state.address)
        return {service: frozenset(addresses) for service, addresses in found.items()}

    @cached_property
    def going(self) -> tuple[MemberState, ...]:
        """Members that depart by plan, or were found blank."""
        return tuple(state for state in self.states if state.outcome in (*quorum.PLANNED, "blank"))

    @cached_property
    def views(self) -> Mapping[str, quorum.Member]:
        """Terraform address of each member that will exist -> how it counts the others."""
        names = {state.node for state in self.states}
        return {s.address: quorum.counted(s.voter, s.declared, names) for s in self.states if s.declared is not None}

    @property
    def missing(self) -> frozenset[str]:
        """Voters that other members count, that do not exist, and that the plan creates. An interrupted apply leaves them."""
        counted = {peer for peer_group in self.peer_groups for state in peer_group for peer in state.voter.peers}
        return frozenset(node for _, node, _ in self.created if node in counted) - {state.node for state in self.states}


def clusters(plans: Sequence[Plan]) -> tuple[Cluster, ...]:
    """All members of the plans, by environment.

    Raises:
        InputError: the values of a member are not those of a Hacienda member.
    """
    ground = grounds(plans)
    going = {change.address: change for plan in plans for change in plan.resources if change.goes}
    requested = frozenset(address for address, change in going.items() if change.requested or change.triggered)
    states: list[MemberState] = []
    created: list[tuple[str, str, str, str]] = []
    for plan in plans:
        for change in (*plan.members, *(one for one in plan.drifted if one.is_member)):
            if change.before is not None:
                taken = _taken(going, change, ground.get((plan.source, change.address)))
                states.append(_state(plan, change, requested, taken))
            elif change.after is not None and isinstance(change.after.get("node"), str):
                created.append((_environment(plan, change), plan.source, change.after["node"], change.address))
    states = _named(states)
    names = sorted({state.cluster for state in states} | {name for name, *_ in created})
    return tuple(
        Cluster(
            name,
            tuple(state for state in states if state.cluster == name),
            _peer_groups([state for state in states if state.cluster == name]),
            tuple((source, node, address) for cluster, source, node, address in created if cluster == name),
        )
        for name in names
    )


def _environment(plan: Plan, change: PlannedAction) -> str:
    named = plan.environments
    key = resource(plan, change).get("provider_config_key")
    if isinstance(key, str) and key in named:
        return named[key]
    return next(iter(named.values())) if len(named) == 1 else ""


@dataclass(frozen=True)
class _Taken:
    """Resources whose loss takes a member: their addresses, the outcome, and the networks if nothing else takes it."""

    by: tuple[str, ...] = ()
    way: Outcome = "stays"
    networks: tuple[str, ...] = ()


def _taken(going: Mapping[str, PlannedAction], member: PlannedAction, ground: Ground | None) -> _Taken:
    if ground is None:
        return _Taken()
    machines = [going[address] for address in sorted(ground.machines & going.keys())]
    networks = [going[address] for address in sorted(ground.networks & going.keys())]
    found = (*machines, *networks)
    way: Outcome = "stays" if not found else "deleted" if any(one.way == "deleted" for one in found) else "replaced"
    cut_off = () if machines or member.goes else tuple(change.address for change in networks)
    return _Taken(tuple(change.address for change in (machines or networks)), way, cut_off)


def _state(plan: Plan, change: PlannedAction, requested: frozenset[str], taken: _Taken) -> MemberState:
    before = change.before or {}
    voter, services = _known(plan, change, before)
    outcome = _outcome(plan, change, taken.way)
    departure = _changed(change, voter) if outcome == "stays" else None
    ceased = _ceased(change, services)
    if outcome == "stays":
        outcome = departure.way if departure else "dropped" if ceased else "stays"
    return MemberState(
        source=plan.source,
        address=change.address,
        cluster=_environment(plan, change),
        host=str(before.get("host")),
        voter=voter,
        peers={str(name): str(peer.get("host")) for name, peer in (before.get("peers") or {}).items()},
        services=services,
        outcome=outcome,
        dropped=frozenset(departure.groups or ()) if departure else frozenset(),
        ceased=ceased,
        taken=taken.by,
        networks=taken.networks,
        requested=tuple(sorted(requested & {change.address, *taken.by})),
        declared=_declared(change, voter),
    )


def _outcome(plan: Plan, change: PlannedAction, machine: Outcome) -> Outcome:
    if change in plan.drifted:
        return "blank"
    if change.goes:
        return "deleted" if change.way == "deleted" else "replaced"
    if "create" in change.actions:
        return "replaced"
    if machine != "stays":
        return machine
    return "forgotten" if "forget" in change.actions else "stays"


def _changed(change: PlannedAction, voter: quorum.Member) -> quorum.Departure | None:
    """The departure that a change in place causes. Votes that are unknown before the apply count as unchanged. An unknown
    address may belong to any machine."""
    if "update" not in change.actions:
        return None
    before, after = change.before or {}, change.after or {}
    same = before.get("trust") == after.get("trust")
    proven = same and trust.proves(str(before.get("trust")))
    departure = quorum.moved(voter, str(before.get("host")), after.get("host"), proven=proven)
    if departure is None and "voters" in after:
        shares = after.get("redundancy", voter.shares)
        departure = quorum.dropped(voter, {*_weights(after["voters"]), *(shares or ())})
    return departure


def _ceased(change: PlannedAction, services: frozenset[str]) -> frozenset[str]:
    """Services that the planned files no longer name. Files that are unknown before the apply count as unchanged."""
    after = change.after or {}
    return services - set(_services(after)) if "files" in after else frozenset()


def _known(plan: Plan, change: PlannedAction, before: Mapping[str, Any]) -> tuple[quorum.Member, frozenset[str]]:
    """A member as its state records it, and the services that it runs for other nodes."""
    try:
        node: str = before["node"] + ""  # a name, or a TypeError
        # An empty attribute is null. Without the attribute itself, nobody can say who votes and what would be lost.
        peers = {str(name): _weights(peer["voters"]) for name, peer in (before["peers"] or {}).items()}
        member = quorum.Member(node, _weights(before["voters"]), peers, _shares(before.get("redundancy")))
        return member, frozenset(_services({"files": before["files"]}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else "an attribute has an unexpected type"
        words = f"{plan.source or 'the plan'}: {change.address} is not a Hacienda member: {reason}"
        raise InputError(words, "Another provider of that name, or a later version of Hacienda's, wrote it.") from None


def _declared(change: PlannedAction, voter: quorum.Member) -> quorum.Member | None:
    """A member as the plan declares it. Peers that are unknown before the apply count as unchanged."""
    if change.after is None:
        return None
    if "peers" not in change.after:
        return voter
    peers = {str(name): _weights(peer.get("voters")) for name, peer in (change.after["peers"] or {}).items()}
    return quorum.Member(voter.node, voter.votes, peers, voter.shares)


def _shares(value: Any) -> dict[str, quorum.Share]:
    """A member's part in redundancy groups. An earlier version of Hacienda knew none."""
    return {
        str(group): quorum.Share(str(share["domain"]), int(share["copies"]), int(share["minimum"]))
        for group, share in (value or {}).items()
    }


def _weights(value: Any) -> dict[str, int]:
    return {str(group): int(weight) for group, weight in (value or {}).items()}


def _services(values: Mapping[str, Any]) -> Iterator[str]:
    for path in values.get("files") or ():
        if path.startswith(_FACTS) and path.endswith(".env"):
            name = path.removeprefix(_FACTS).removesuffix(".env")
            if name not in _own():
                yield name


@cache
def _own() -> frozenset[str]:
    """Services that every machine runs for itself; no other machine depends on them. Unknown services are not among them."""
    return frozenset(service.name for service in registry() if service.everywhere)


def _named(states: Iterable[MemberState]) -> list[MemberState]:
    """Name the environment of members that are no longer configured: it is the one of their peers."""
    listed = list(states)
    known = {(state.node, state.host): state.cluster for state in listed if state.cluster}
    found = []
    for state in listed:
        names = {known[peer] for peer in state.peers.items() if not state.cluster and peer in known}
        found.append(dataclasses.replace(state, cluster=names.pop()) if len(names) == 1 else state)
    return found


def _peer_groups(states: Sequence[MemberState]) -> tuple[tuple[MemberState, ...], ...]:
    """Peer groups of these members, as each member's own list of peers shows them."""
    peer_groups: list[list[MemberState]] = []
    for state in (state for state in states if state.voter.votes):
        joined = [
            peer_group for peer_group in peer_groups if any(_fellows(state, other, states) for other in peer_group)
        ]
        merged = [member for peer_group in joined for member in peer_group]
        peer_groups = [peer_group for peer_group in peer_groups if peer_group not in joined] + [[*merged, state]]
    return tuple(tuple(peer_group) for peer_group in peer_groups)


def _fellows(one: MemberState, other: MemberState, states: Sequence[MemberState]) -> bool:
    return _knows(one, other, states) or _knows(other, one, states)


def _knows(one: MemberState, other: MemberState, states: Sequence[MemberState]) -> bool:
    """Compare names; if two members share a name, compare the hosts too."""
    if other.node not in one.peers:
        return False
    namesakes = sum(1 for state in states if state.node == other.node)
    return namesakes == 1 or one.peers[other.node] == other.host
