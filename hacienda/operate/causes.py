"""Finds common causes of the services' problems, from what the machines report about themselves and one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from hacienda.cloud.model import Cloud
from hacienda.remote.node import Diagnosis

CLOCKS_APART = 2.0
"""Seconds from which a difference of clocks is a cause. An answer takes less than one, and chrony reports smaller differences."""

_CLOCK_FIX = "chronyc -n sources -v there shows its sources; a container's clock is its host's"


_ANSWERS = ("Permission denied", "host key", "Host key")
"""Words of OpenSSH's client about a machine that answers, but refuses the login or is not trusted."""


@dataclass(frozen=True)
class Ailment:
    """One problem.

    Args:
        node: the node; empty: the cloud as a whole.
        service: the service; empty: the node as a whole.
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
    """Faults that each machine reports about itself."""
    return [Ailment(node, "", one.what, one.fix) for node, found in diagnoses.items() for one in found.faults]


def of_clocks(diagnoses: Mapping[str, Diagnosis]) -> list[Ailment]:
    """Clocks that are wrong. This machine's clock counts too, so that there is a majority if two nodes disagree."""
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
    """Networks that fail between machines which all answer this one. `of_silence` handles machines that do not answer."""
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
    """What to do about a machine that does not answer, from what the answering ones report about it.

    Args:
        silence: the SSH client's message.
    """
    if any(words in silence for words in _ANSWERS):
        return (
            "It answers, so power and network work: compare its SSH user, keys and host key with the environment file."
        )
    if cloud.node(node) not in cloud.voting or not diagnoses:
        return "Is it powered on, and does SSH reach it?"
    asked = [name for name in diagnoses if name != node]
    lost = [name for name in asked if any(gone == node for gone, _ in diagnoses[name].unreached)]
    if len(lost) == len(asked):
        return f"{_names(lost)} cannot reach it either: it has no power, or its network is down. Look at its console."
    reached = [name for name in asked if name not in lost]
    return f"{_names(reached)} can reach it: look at the path from this machine to it, and at its sshd."


def _names(nodes: list[str]) -> str:
    shown = ", ".join(nodes[:3])
    return shown if len(nodes) <= 3 else f"{shown} and {len(nodes) - 3} more"


def _judges(cloud: Cloud, members: list[str]) -> list[str]:
    """Machines that every machine pings."""
    voting = {node.name for node in cloud.voting}
    return [name for name in members if name in voting]


def _lost(network: str, members: list[str], diagnoses: Mapping[str, Diagnosis]) -> set[frozenset[str]]:
    """Pairs of machines of which one does not reach the other."""
    return {
        frozenset(pair)
        for pair in combinations(members, 2)
        for one, other in (pair, pair[::-1])
        if (other, network) in diagnoses[one].unreached
    }
