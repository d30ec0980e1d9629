"""VIPONE: a virtual IP without a second holder."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject


def _find(subject: Subject) -> Iterator[Observation]:
    """One observation for each virtual IP that only one machine can hold."""
    cloud, keeper = subject.cloud, subject.cloud.provider("virtual ip")
    holders = cloud.members(keeper.name) if keeper else ()
    if len(holders) != 1:
        return
    for vip in cloud.virtual_ips:
        reason = f"only {holders[0].name} can hold {vip.address}: it cannot move when that machine fails."
        fix = f"Add at least one more {holders[0].role} machine."
        yield Observation(f"networks.{vip.network}.vip", reason, fix, concerns=(vip.network, holders[0].name))


rule = Rule(
    id="VIPONE",
    title="A virtual IP without a second holder",
    severity="warning",
    reason="A virtual IP moves to another machine when its holder fails. With one holder it adds a moving part but no "
    "availability.",
    fix="Run at least two controllers; three are better.",
    find=_find,
)
