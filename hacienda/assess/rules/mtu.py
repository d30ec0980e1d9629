"""MTU: packets larger than the network carries."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each untagged network whose cards also carry a VLAN with larger packets."""
    networks = subject.cloud.networks
    plain = [network for network in networks if network.vlan is None and network.cards]
    for network in plain:
        larger = [one for one in networks if one.cards == network.cards and one.mtu > network.mtu]
        if larger:
            names = ", ".join(one.name for one in larger)
            size = max(one.mtu for one in larger)
            reason = (
                f"shares its cards with {names}: machines will send packets of {size} bytes here too, but the network carries "
                f"only {network.mtu}."
            )
            fix = f"Write `mtu: {size}` here if its switches carry that; otherwise give it a `vlan`."
            yield Observation(f"networks.{network.name}.mtu", reason, fix, concerns=(network.name,))


rule = Rule(
    id="MTU",
    title="Packets larger than the network carries",
    severity="error",
    reason="A VLAN's packets cannot be larger than those of its card, so the card gets the largest size. An untagged network on "
    "the same card then sends packets that are silently dropped: small packets pass, a full copy hangs.",
    fix="Give networks that share cards the same packet size, or tag all of them.",
    find=_find,
)
