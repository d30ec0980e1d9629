"""What is behind the trouble of several services: put together from what the machines say about themselves and one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from hacienda.cloud.model import Cloud
from hacienda.remote.node import Diagnosis

CLOCKS_APART = 2.0
"""Seconds between two clocks that are a cause: an answer travels for less than one, and chrony says what is less."""

_CLOCK_FIX = "chronyc -n sources -v there shows whom it follows; a container's clock is its host's"


_ANSWERS = ("Permission denied", "host key", "Host key")
"""What OpenSSH's client says of a machine that answers and is not let in, or not trusted."""


@dataclass(frozen=True)
class Ailment:
    """One thing that is wrong.

    Args:
        node: where; empty: the cloud as a whole.
        service: what; empty: the node as a whole.
        what: what is wrong.
        fix: what to do.
    """

    node: str
    service: str
    what: str
    fix: str

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.node, self.service) if part)
        return f"{place}: {self.what}\n  {self.fix}" if self.fix else f"{place}: {self.what}"


def of_machines(diagnoses: Mapping[str, Diagnosis]) -> list[Ailment]:
    """What each machine found wrong with itself."""
    return [Ailment(node, "", one.what, one.fix) for node, found in diagnoses.items() for one in found.faults]


def of_clocks(diagnoses: Mapping[str, Diagnosis]) -> list[Ailment]:
    """Clocks that are off. This machine's counts as one of them, so that two nodes that disagree have a judge."""
    here = ""
    ahead = {here: 0.0, **{node: found.ahead for node, found in diagnoses.items()}}
    right = median(ahead.values())
    found = []
    for node, seconds in ahead.items():
        off = seconds - right
        if abs(off) < CLOCKS_APART or len(ahead) <= 2:
            continue
        what = f"the clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the other machines'"
        found.append(Ailment(node or "this machine, which runs hacienda", "", what, _CLOCK_FIX))
    return found


def of_networks(cloud: Cloud, diagnoses: Mapping[str, Diagnosis]) -> list[Ailment]:
    """Networks that are dead between machines that all answer us. A machine that does not answer us is another matter."""
    found = []
    for network in cloud.networks:
        members = [node.name for node in cloud.nodes if network.name in node.addresses and node.name in diagnoses]
        lost = _lost(network.name, members, diagnoses)
        place = f"the network {network.name} ({network.cidr})"
        if len(members) > 2 and len(lost) == len(list(combinations(members, 2))):
            what = f"no ping passes between any of {_names(members)}, though each of them answers this machine"
            found.append(Ailment("", place, what, "look at the switch or VLAN of this network: ip -s link; ip neigh"))
            continue
        for node in members:
            others = [other for other in _judges(cloud, members) if other != node]
            if len(others) < 2 or not all(frozenset((node, other)) in lost for other in others):
                continue
            lost -= {frozenset((node, other)) for other in members}
            what = f"is cut off on {place}: no ping passes between it and {' '.join(others)}"
            fix = f"look at {node}'s cable, switch port and VLAN: ip -s link; ip neigh; nft list ruleset on {node}"
            found.append(Ailment(node, "", what, fix))
        for one, other in sorted(tuple(sorted(pair)) for pair in lost):
            what = f"no ping passes between it and {other} on {place}"
            fix = f"look at the path between {one} and {other}: ip -s link; ip neigh; nft list ruleset on both"
            found.append(Ailment(one, "", what, fix))
    return found


def of_silence(cloud: Cloud, node: str, silence: str, diagnoses: Mapping[str, Diagnosis]) -> str:
    """What to do about a machine that does not answer us, by what those that do say of it.

    Args:
        silence: what the SSH client said.
    """
    if any(words in silence for words in _ANSWERS):
        return "It answers, so power and network are well: compare its SSH user, keys and host key with the environment file."
    if cloud.node(node) not in cloud.voting or not diagnoses:
        return "Is it powered on, and does SSH reach it?"
    asked = [name for name in diagnoses if name != node]
    lost = [name for name in asked if any(gone == node for gone, _ in diagnoses[name].unreached)]
    if len(lost) == len(asked):
        return f"{_names(lost)} reach it neither: it is without power, or its network is dead. Look at its console."
    reached = [name for name in asked if name not in lost]
    return f"{_names(reached)} reach it: look at the path from this machine to it, and at its sshd."


def _names(nodes: list[str]) -> str:
    shown = ", ".join(nodes[:3])
    return shown if len(nodes) <= 3 else f"{shown} and {len(nodes) - 3} more"


def _judges(cloud: Cloud, members: list[str]) -> list[str]:
    """Machines that everybody pings."""
    voting = {node.name for node in cloud.voting}
    return [name for name in members if name in voting]


def _lost(network: str, members: list[str], diagnoses: Mapping[str, Diagnosis]) -> set[frozenset[str]]:
    """Pairs of which one does not reach the other."""
    return {
        frozenset(pair)
        for pair in combinations(members, 2)
        for one, other in (pair, pair[::-1])
        if (other, network) in diagnoses[one].unreached
    }
