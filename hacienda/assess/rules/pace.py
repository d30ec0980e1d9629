"""PACE: failure detection too eager or too slow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hacienda.assess import reading
from hacienda.assess.finding import Observation
from hacienda.assess.rule import Rule
from hacienda.assess.subject import Subject

FASTEST_ADVERT, SLOWEST_ADVERT = 0.1, 1.0
"""Seconds between VRRP advertisements: three within 0.3 s are lost by a busy machine; 1 s is VRRP's own default."""
FASTEST_HEARTBEAT, SLOWEST_ELECTION = 100, 10_000
"""Milliseconds: etcd's own default heartbeat, meant for dedicated machines; ten seconds without a leader blocks claims."""


def _find(subject: Subject) -> Iterator[Observation]:
    """Observations about the rendered intervals of the virtual IPs and of the coordination service."""
    advert = re.search(
        r"^\s*advert_int ([0-9.]+)$", subject.text("keepalived", "/etc/keepalived/keepalived.conf"), re.M
    )
    if advert and not FASTEST_ADVERT <= float(advert[1]) <= SLOWEST_ADVERT:
        interval = float(advert[1])
        eager = f"a machine that is busy for {3 * interval:g} s loses its virtual IPs"
        slow = f"virtual IPs stay on a dead machine for {3 * interval:g} s"
        reason = f"{interval:g} s between advertisements: {eager if interval < FASTEST_ADVERT else slow}."
        fix = f"Use {FASTEST_ADVERT:g} to {SLOWEST_ADVERT:g}."
        yield Observation("services.keepalived.advert_interval", reason, fix, concerns=("keepalived",))
    etcd = reading.pairs(subject.text("etcd", "/etc/default/etcd"))
    heartbeat, election = int(etcd.get("ETCD_HEARTBEAT_INTERVAL", 250)), int(etcd.get("ETCD_ELECTION_TIMEOUT", 2500))
    if heartbeat < FASTEST_HEARTBEAT:
        reason = f"{heartbeat} ms between heartbeats: a slow write to a shared disk costs the leader its office."
        fix = f"Use {FASTEST_HEARTBEAT} or more."
        yield Observation("services.etcd.heartbeat_ms", reason, fix, concerns=("etcd",))
    if election > SLOWEST_ELECTION:
        reason = f"{election} ms without a leader pass before an election: locks and claims wait for so long."
        fix = f"Use {SLOWEST_ELECTION} or less."
        yield Observation("services.etcd.election_ms", reason, fix, concerns=("etcd",))


rule = Rule(
    id="PACE",
    title="Failure detection too eager or too slow",
    severity="warning",
    reason="Detection that is too eager moves addresses and offices between machines that are only busy, and each move costs "
    "clients their connections. Too slow, it is the outage.",
    fix="Stay near the defaults, which were measured.",
    find=_find,
)
