"""PACE: failure detection that is too fast or too slow."""

from __future__ import annotations

from collections.abc import Iterator

from hacienda.assess import timers
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject
from hacienda.declare import Capability

FASTEST_ADVERT, SLOWEST_ADVERT = 0.1, 1.0
"""Seconds between VRRP advertisements. A busy machine can lose three within 0.3 s; 1 s is VRRP's own default."""
FASTEST_HEARTBEAT, SLOWEST_ELECTION = 0.1, 10.0
"""Seconds. 0.1 s is raft's usual heartbeat on dedicated machines; ten seconds without a leader block claims and locks."""


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about the intervals of virtual IPs, of the coordination service and of gateways."""
    if (adverts := _longest(subject, "virtual ip", "advert_int")) and subject.cloud.virtual_ips:
        interval = adverts.value
        eager = f"a machine that is busy for {3 * interval:g} s loses its virtual IPs"
        slow = f"virtual IPs stay on a dead machine for {3 * interval:g} s"
        reason = f"{interval:g} s between advertisements: {eager if interval < FASTEST_ADVERT else slow}."
        fix = f"Use {FASTEST_ADVERT:g} to {SLOWEST_ADVERT:g}."
        if not FASTEST_ADVERT <= interval <= SLOWEST_ADVERT:
            yield Observation(adverts.where, reason, fix, concerns=(adverts.service,))
    beat = _longest(subject, "coordination", "heartbeat")
    if beat and beat.value < FASTEST_HEARTBEAT:
        reason = f"{beat.value:g} s between heartbeats: after one slow write to a shared disk the leader is replaced."
        yield Observation(beat.where, reason, f"Use {FASTEST_HEARTBEAT:g} s or more.", concerns=(beat.service,))
    yield from _gateways(subject)
    election = _longest(subject, "coordination", "election")
    if election and election.value > SLOWEST_ELECTION:
        reason = f"{election.value:g} s pass without a leader before an election: locks and claims wait that long."
        yield Observation(election.where, reason, f"Use {SLOWEST_ELECTION:g} s or less.", concerns=(election.service,))


def _gateways(subject: Subject) -> Iterator[Observation]:
    """Gateways watch each other as virtual IPs' holders do, so three advertisements are the measure."""
    interval = _longest(subject, "logical network", "bfd interval")
    packets = _longest(subject, "logical network", "bfd multiplier")
    if interval is None or packets is None:
        return
    silence = interval.value * packets.value
    eager = f"a gateway that is busy for {silence:g} s loses its routers"
    slow = f"routers stay on a dead gateway for {silence:g} s"
    if not 3 * FASTEST_ADVERT <= silence <= 3 * SLOWEST_ADVERT:
        reason = f"{packets.value:g} packets of BFD, {interval.value:g} s apart: {eager if silence < 1 else slow}."
        fix = f"Use {3 * FASTEST_ADVERT:g} to {3 * SLOWEST_ADVERT:g} s in all."
        yield Observation(interval.where, reason, fix, concerns=(interval.service,))


def _longest(subject: Subject, capability: Capability, name: str) -> timers.Reading | None:
    """The longest reading of a timer of the service that offers a capability; None: no such service or timer."""
    provider = subject.cloud.provider(capability)
    if provider is None or not subject.readings.has(provider.name, name):
        return None
    return subject.readings.longest(provider.name, name)


rule = Rule(
    id="PACE",
    title="Failure detection too fast or too slow",
    severity="warning",
    reason="Detection that is too fast moves addresses and leaderships between machines that are only busy, and each move costs "
    "clients their connections. If it is too slow, the detection itself is the outage.",
    fix="Stay near the defaults, which were measured.",
    find=_find,
)
