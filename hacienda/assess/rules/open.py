"""OPEN: SSH and statistics for the whole world."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

WIDEST_PUBLIC = 16
"""Shortest prefix of a public range that one operator may be at home in."""
WIDEST = 8
"""Shortest prefix of any range: the private 10.0.0.0/8."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each operators' network that is wider than any operator's."""
    if "firewall" not in subject.cloud.options:
        return
    networks: tuple[IPv4Network, ...] = getattr(subject.cloud.option("firewall"), "operator_networks", ())
    for position, network in enumerate(networks):
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
