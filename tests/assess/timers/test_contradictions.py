"""Times that cannot be right together are named, with both values and the fix."""

from __future__ import annotations

import pytest

from hacienda.assess.timers import budget
from tests.assess.timers.samples import GALERA, HAPROXY, KEEPALIVED, KEYSTONE, lab, of, rendered

WRONG = {
    "suspect not below inactive": (
        GALERA, "evs.inactive_timeout=PT4S", "evs.inactive_timeout=PT1.5S", "evs.suspect_timeout 1.5 s is not below"),
    "room for two keep-alives": (
        GALERA, "evs.keepalive_period=PT0.25S", "evs.keepalive_period=PT0.75S", "room for 2.0 keep-alives of 0.75 s"),
    "suspicions come late": (
        GALERA, "evs.inactive_check_period=PT0.2S", "evs.inactive_check_period=PT1S", "evs.inactive_check_period 1 s is more"),
    "an endless loop": (
        GALERA, "evs.install_timeout=PT3S", "evs.install_timeout=PT0.3S", "evs.install_timeout 0.3 s is not above"),
    "installing longer than inactive": (
        GALERA, "evs.install_timeout=PT3S", "evs.install_timeout=PT9S", "evs.install_timeout 9 s is above"),
    "an impatient checker": (
        "/usr/lib/hacienda/galera/check.py", "STALE_SECONDS = 2.5", "STALE_SECONDS = 1", "stuck after 1 s"),
    "a database that leaves unseen": (
        "/usr/lib/hacienda/galera/drain.sh", "seconds=1.5", "seconds=0.5", "galera's drain waits 0.5 s"),
    "an API that leaves unseen": (
        "/etc/systemd/system/keystone.service", "sleep 5", "sleep 4", "keystone's drain waits 4 s"),
    "an API that is back unseen": (
        "/etc/systemd/system/keystone.service", "RestartSec=5", "RestartSec=1", "keystone's restart waits 1 s"),
    "runs of the script overlap": (
        KEEPALIVED, "    timeout 1\n", "    timeout 3\n", "may take 3 s and is due every 1 s"),
    "advertisements slower than the script": (
        KEEPALIVED, "advert_int 0.3", "advert_int 0.7", "3 advertisements of 0.7 s"),
    "a successor that is silent in between": (
        KEEPALIVED, "garp_master_repeat 25", "garp_master_repeat 5", "announces itself for 1 s, and again after 5 s"),
    "a successor that is silent too early": (
        HAPROXY, "check inter 1s fastinter 500ms fall 2 rise 2", "check inter 4s fastinter 4s fall 3 rise 2",
        "gives a virtual IP up after 17 s at worst"),
    "pools that keep dead connections": (
        KEYSTONE, "connection_recycle_time = 600", "connection_recycle_time = 3600", "HAProxy drops idle ones after 3600 s"),
    "reloads that cut pools": (
        HAPROXY, "hard-stop-after 660s", "hard-stop-after 600s", "a reload cuts connections after 600 s"),
    "an impatient client": (
        KEYSTONE, "read_timeout=5", "read_timeout=2", "gives a query up after 2 s, the database's failover takes up to 2.5 s"),
    "a client that does not let HAProxy connect": (
        KEYSTONE, "connect_timeout=3", "connect_timeout=0", "gives a connection up after 0 s, HAProxy tries for 0.5 s"),
    "elections for nothing": (
        "/etc/default/etcd", "ETCD_ELECTION_TIMEOUT=2500", "ETCD_ELECTION_TIMEOUT=1000", "room for 4.0 heartbeats"),
    "beyond the target": (
        HAPROXY, "timeout check 5000ms", "timeout check 8s", "keystone hangs: 28 s at worst, 25 s are the target"),
}  # fmt: skip


def test_the_lab_contradicts_nothing() -> None:
    assert budget(lab(), rendered()).contradictions == ()


@pytest.mark.parametrize("name", WRONG)
def test_it_is_named_with_its_fix(name: str) -> None:
    path, old, new, says = WRONG[name]
    told = [one for one in of(path, (old, new)).contradictions if says in one.reason]
    assert len(told) == 1, [one.reason for one in of(path, (old, new)).contradictions]
    assert told[0].where.startswith("services")
    assert told[0].fix.endswith(".")


def test_what_another_rule_tells_is_left_to_it() -> None:
    (one,) = of(KEYSTONE, ("connection_recycle_time = 600", "connection_recycle_time = 3601")).contradictions[:1]
    assert one.rule == "TIMERS"
