"""Times that cannot be right together are named, with both values and the fix."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hacienda.assess.timers import budget
from hacienda.cloud import Cloud
from tests.assess import tenants
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


WHOLE: Mapping[str, tuple[str, Mapping[str, Value], str]] = {
    "a call that ends before its queue fails over": (
        "machines", {"rpc_response_timeout": 30},
        "machines gives up a call after 30 s, but what it waits for may take 30 s (machines's call by a lost server of the queue)"),
    "a call that ends before its storage answers": (
        "store", {"osd_heartbeat_grace": 60}, "volumes gives up a call after 60 s, but what it waits for may take 68 s (its peers"),
    "a call that ends before its database answers": (
        "volumes", {"database read_timeout": 70},
        "machines gives up a call after 60 s, but what it waits for may take 73 s (volumes's query to a lost database)"),
    "a load balancer that does not wait for calls": (
        "machines", {"rpc_response_timeout": 61}, "waits 60 s for machines, which itself waits 61 s for the answer to a call"),
    "a daemon that counts as dead between reports": (
        "guests", {"report_interval": 25}, "guests counts as dead after 50 s, but reports every 25 s, which may wait 30 s"),
    "a daemon that counts as dead while its database fails over": (
        "volumes", {"service_down_time": 18}, "volumes counts as dead after 18 s, but reports every 10 s, which may wait 8 s"),
    "room for two heartbeats": ("store", {"osd_heartbeat_interval": 6}, "room for 2.0 heartbeats of 6 s"),
    "reports that too few machines can make": (
        "store", {"mon_osd_min_down_reporters": 3}, "believes 3 machines that report a silent one, but only 2 can"),
    "a connection that ends before the election": (
        "store", {"mon_lease": 8},
        "volumes gives up a connection to store after 20 s, but the monitors may have no leader for 21 s"),
}  # fmt: skip
"""In the cloud with tenants."""


@pytest.mark.parametrize("cloud", [lab(), tenants.whole()], ids=["lab", "whole"])
def test_the_frozen_clouds_contradict_nothing(cloud: Cloud) -> None:
    assert budget(cloud).contradictions == ()


@pytest.mark.parametrize("name", WHOLE)
def test_it_is_named_where_there_are_tenants(name: str) -> None:
    service, times, says = WHOLE[name]
    told = [one for one in of(service, times, tenants.whole()).contradictions if says in one.reason]
    assert len(told) == 1, [one.reason for one in of(service, times, tenants.whole()).contradictions]
    assert told[0].where.startswith(("services", "machines.storage"))
    assert told[0].fix.endswith(".")


def test_a_call_may_last_as_long_as_the_load_balancer_waits() -> None:
    assert of("machines", {"rpc_response_timeout": 60}, tenants.whole()).contradictions == ()
    assert of("machines", {"rpc_response_timeout": 31}, tenants.whole()).contradictions == ()


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
