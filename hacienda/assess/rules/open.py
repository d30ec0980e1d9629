"""OPEN: SSH and statistics open to the whole world."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from hacienda.assess import timers
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.declare.trust import Trust, marker

WIDEST_PUBLIC = 16
"""Shortest prefix of a public range that may belong to one operator."""
WIDEST = 8
"""Shortest prefix of any range: the private 10.0.0.0/8."""


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each network of clients, in any service's options, that is wider than an operator's can be."""
    for service in subject.cloud.services:
        options = subject.cloud.option(service.name)
        for name, field in type(options).model_fields.items():
            trust, value = marker(field), getattr(options, name)
            if isinstance(trust, Trust) and isinstance(value, tuple):
                where = timers.where(service.name, name)
                yield from (
                    _observation(network, where, at, trust) for at, network in enumerate(value) if _wide(network)
                )


def _wide(network: Any) -> bool:
    return isinstance(network, IPv4Network) and network.prefixlen < (WIDEST if network.is_private else WIDEST_PUBLIC)


def _observation(network: IPv4Network, where: str, position: int, trust: Trust) -> Observation:
    reason = f"{network}, {network.num_addresses:,} addresses, is one of the networks {trust.decides}."
    return Observation(f"{where}[{position}]", reason, concerns=(str(network),))


rule = Rule(
    id="OPEN",
    title="SSH and statistics open to the whole world",
    severity="warning",
    reason="The host firewall accepts operators from these networks. What the whole world can reach, it attacks all day.",
    fix="Name the networks that operators really use, or a jump host's address.",
    find=_find,
)
