"""OPEN: SSH and statistics for the whole world."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.services import firewall

WIDEST_PUBLIC = 16
"""Shortest prefix of a public range that one operator may be at home in."""
WIDEST = 8
"""Shortest prefix of any range: the private 10.0.0.0/8."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each operators' network that is wider than any operator's."""
    if not subject.cloud.registry.require("firewall"):
        return
    options = subject.cloud.option("firewall")
    if not isinstance(options, firewall.Options):
        raise TypeError(f"the firewall's options are {type(options).__name__}")
    for position, network in enumerate(options.operator_networks):
        if network.prefixlen < (WIDEST if network.is_private else WIDEST_PUBLIC):
            reason = f"{network} is let in to SSH and the statistics pages: {network.num_addresses:,} addresses."
            yield Observation(f"services.firewall.operator_networks[{position}]", reason, concerns=(str(network),))


rule = Rule(
    id="OPEN",
    title="SSH and statistics for the whole world",
    severity="warning",
    reason="The host firewall lets operators in from these networks. What the whole world may try, it tries, all day.",
    fix="Name the networks that operators really come from, or a jump host's address.",
    find=_find,
)
