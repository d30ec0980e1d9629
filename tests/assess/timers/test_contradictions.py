"""Times that cannot be right together are named, with both values and the fix."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hacienda.assess.timers import budget
from tests.assess.timers.samples import Value, of
from tests.frozen import lab

WRONG: Mapping[str, tuple[str, Mapping[str, Value], str]] = {
    "suspect not below inactive": ("sql", {"evs.inactive_timeout": 1.5}, "evs.suspect_timeout 1.5 s is not below"),
    "room for two keep-alives": ("sql", {"evs.keepalive_period": 0.75}, "room for 2.0 keep-alives of 0.75 s"),
    "suspicions come late": ("sql", {"evs.inactive_check_period": 1}, "evs.inactive_check_period 1 s is more"),
    "an endless loop": ("sql", {"evs.install_timeout": 0.3}, "evs.install_timeout 0.3 s is not above"),
    "installing longer than inactive": ("sql", {"evs.install_timeout": 9}, "evs.install_timeout 9 s is above"),
    "an impatient checker": ("sql", {"stale": 1}, "stuck after 1 s"),
    "a database that leaves unseen": ("sql", {"drain": 0.5}, "sql's drain waits 0.5 s"),
    "an API that leaves unseen": ("names", {"drain": 4}, "names's drain waits 4 s"),
    "an API that is back unseen": ("names", {"restart": 1}, "names's restart waits 1 s"),
    "runs of the script overlap": ("holder", {"script timeout": 3}, "may take 3 s and is due every 1 s"),
    "advertisements slower than the script": ("holder", {"advert_int": 0.7}, "3 advertisements of 0.7 s"),
    "a successor that is silent in between": (
        "holder", {"garp_master_repeat": 5}, "announces itself for 1 s, and again after 5 s"),
    "a successor that is silent too early": (
        "door", {"inter": {"balancers": 4}, "fastinter": {"balancers": 4}, "fall": {"balancers": 3}},
        "gives up a virtual IP after 17 s at worst"),
    "pools that keep dead connections": (
        "names", {"connection_recycle_time": 3600}, "the load balancer drops them after 3600 s"),
    "reloads that cut pools": ("door", {"hard-stop-after": 600}, "a reload cuts database connections after 600 s"),
    "an impatient client": (
        "names", {"database read_timeout": 2}, "gives up a query after 2 s, but the database's failover takes up to 2.5 s"),
    "an impatient load balancer": (
        "door", {"server time-out": {"names-api": 4}}, "waits 4 s for names, which itself waits 5 s for the database"),
    "a client that does not let the load balancer connect": (
        "names", {"database connect_timeout": 0}, "gives up a connection after 0 s, but the load balancer tries for 0.5 s"),
    "elections for nothing": ("truths", {"election": 1}, "room for 4.0 heartbeats"),
    "beyond the target": ("door", {"check time-out": 8}, "names hangs: 28 s at worst, the target is 25 s"),
}  # fmt: skip


def test_the_lab_contradicts_nothing() -> None:
    assert budget(lab()).contradictions == ()


@pytest.mark.parametrize("name", WRONG)
def test_it_is_named_with_its_fix(name: str) -> None:
    service, times, says = WRONG[name]
    told = [one for one in of(service, times).contradictions if says in one.reason]
    assert len(told) == 1, [one.reason for one in of(service, times).contradictions]
    assert told[0].where.startswith("services")
    assert told[0].fix.endswith(".")


def test_what_another_rule_tells_is_left_to_it() -> None:
    (one,) = of("names", {"connection_recycle_time": 3601}).contradictions[:1]
    assert one.rule == "TIMERS"
