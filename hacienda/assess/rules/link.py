"""LINK: a network that depends on one cable."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.cloud.model import Network


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for the networks without a bond of two cards. Containers have bridges instead of cards."""
    if subject.cloud.platform.containers:
        return
    lone = tuple(network.name for network in subject.cloud.networks if _cards(network) < 2)
    if lone:
        many = f"{', '.join(lone)}: each depends" if len(lone) > 1 else f"{lone[0]} depends"
        reason = f"{many} on one card, one cable and one switch port of every machine."
        where = "networks" if len(lone) > 1 else f"networks.{lone[0]}"
        yield Observation(where, reason, concerns=lone)


def _cards(network: Network) -> int:
    return len(set(network.bond.nics)) if network.bond else 1


rule = Rule(
    id="LINK",
    title="A network on one cable",
    severity="warning",
    reason="A cable, a port or a switch fails far more often than a machine. Without a second one, a loose plug takes a healthy "
    "controller out of the quorum.",
    fix="Bond two cards to two switches: `bond: {mode: 802.3ad, nics: [eno1, eno2]}`; VLANs may share one bond.",
    find=_find,
)
