"""PACE: failure detection too eager or too slow."""

from __future__ import annotations

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
    keepalived = subject.text("keepalived", "/etc/keepalived/keepalived.conf") if subject.cloud.virtual_ips else None
    interval = None if keepalived is None else float(reading.only(r"^\s*advert_int ([0-9.]+)$", keepalived))
    if interval is not None and not FASTEST_ADVERT <= interval <= SLOWEST_ADVERT:
        eager = f"a machine that is busy for {3 * interval:g} s loses its virtual IPs"
        slow = f"virtual IPs stay on a dead machine for {3 * interval:g} s"
        reason = f"{interval:g} s between advertisements: {eager if interval < FASTEST_ADVERT else slow}."
        fix = f"Use {FASTEST_ADVERT:g} to {SLOWEST_ADVERT:g}."
        yield Observation("services.keepalived.advert_interval", reason, fix, concerns=("keepalived",))
    text = subject.text("etcd", "/etc/default/etcd")
    if text is None:
        return
    etcd = reading.pairs(text)
    heartbeat, election = int(etcd["ETCD_HEARTBEAT_INTERVAL"]), int(etcd["ETCD_ELECTION_TIMEOUT"])
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
