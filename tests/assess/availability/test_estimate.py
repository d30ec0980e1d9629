"""What an estimate says of a cloud."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda.assess import timers
from hacienda.assess.availability import Assumptions, Estimate, Failover, PathEstimate, Rate, estimate
from hacienda.assess.availability.effects import NOTHING, SINCE_BACKUP
from hacienda.cloud import Cloud, Node
from hacienda.declare import CatalogueEntry, Check, Frontend, NoTimer, Port, Registry, Service
from hacienda.declare.timer import EVERY
from tests import frozen, lanes
from tests.assess.availability import formulas
from tests.assess.availability.samples import rack_cloud
from tests.cloud import samples
from tests.frozen import VERIFY
from tests.shipped import environments, typical

ONLY_MACHINES = Assumptions(
    process=Rate(1e12, 1e-9, "never"),
    rack_switch=Rate(1e12, 1e-9, "never"),
    aggregation=Rate(1e12, 1e-9, "never"),
    power_feed=Rate(1e12, 1e-9, "never"),
)
"""Nothing but machines fails."""


def some(machines: str, vip: str = ", vip: 10.77.0.10") -> Cloud:
    return samples.cloud(
        "name: test\nplatform: existing\n"
        f"networks:\n  management: {{cidr: 10.77.0.0/24{vip}}}\nmachines:\n  {machines}\n",
        frozen.registry(),
    )


def path(found: Estimate, name: str) -> PathEstimate:
    (one,) = (one for one in found.paths if one.name == name)
    return one


def test_a_message_is_the_closed_form_where_nothing_is_shared() -> None:
    found = path(estimate(rack_cloud(), ONLY_MACHINES, failovers=()), "message")
    expected = formulas.group(
        2, 3, ONLY_MACHINES.machine, common_cause=0.05, coverage=0.95, failover_seconds=10, manual_hours=1
    )
    # The formula is of first order: its failover rate counts the common causes, too.
    assert found.unavailability == pytest.approx(expected, rel=0.01)
    assert found.minutes == pytest.approx(28.3, abs=0.3)


def test_three_racks_are_better_than_one_and_than_a_fourth_machine() -> None:
    one, three, five = (path(estimate(rack_cloud(*of)), "database write").minutes for of in ((3, 1), (3, 3), (5, 1)))
    assert three < five < one + 1e-9


def test_the_paths_are_derived_from_the_declarations() -> None:
    found = estimate(rack_cloud())
    assert path(found, "identity API").services == ("door", "holder", "sql", "names")
    assert path(found, "database write").services == ("door", "holder", "sql")
    assert path(found, "message").services == ("bus",)
    assert [absent.name for absent in found.absent] == ["instance reachable", "volume I/O", "new instance"]
    assert {absent.lacks for absent in found.absent} == {"no service here stands in its path"}


def test_each_api_is_a_path_of_its_own() -> None:
    """An API that needs another one is served while that one is; nothing else waits for it."""
    images = Service(
        "images",
        "Images",
        ("controller",),
        VERIFY,
        requires=("identity", "message queue"),
        serves_without=("message queue",),
        ports=(Port("api", 9292, "internal"),),
        frontends=(Frontend("api", Check("/"), capacity=lambda *_: 8),),
        catalogue=(CatalogueEntry(type="image", name="images", port="api"),),
        timers=(NoTimer(EVERY, "made up for tests"),),
    )
    before = estimate(rack_cloud(), failovers=())
    after = estimate(
        replace(rack_cloud(), registry=Registry((*frozen.SERVICES, images)), nodes=with_images()), failovers=()
    )
    assert [one.name for one in after.paths] == ["identity API", "image API", "database write", "message"]
    assert path(after, "image API").services == ("door", "holder", "sql", "names", "images")
    assert path(after, "identity API") == path(before, "identity API")


def with_images() -> tuple[Node, ...]:
    """The controllers with one service more."""
    return tuple(replace(node, services=(*node.services, "images")) for node in rack_cloud().nodes)


def test_without_a_virtual_ip_there_is_no_entrance() -> None:
    only = some("controller: 1", vip="")
    labels = {one.label for one in path(estimate(only), "identity API").contributors}
    assert "controller machines" in labels
    assert not labels & {"door", "holder", "failover of entrance"}


def test_an_arbiter_votes_but_serves_nothing() -> None:
    two = estimate(some("controller: 2\n  arbiter: 1"))
    for effect in two.effects:
        if effect.failure == "arb-1":
            assert effect.survives
            assert effect.seconds == 0


def test_recovery_times_shorten_the_estimate() -> None:
    slow = estimate(rack_cloud(), failovers=())
    fast = estimate(rack_cloud(), failovers=[Failover("entrance", 1.0, "test"), Failover("sql", 2.0, "test")])
    assert fast.paths[0].unavailability < slow.paths[0].unavailability
    assert {one.service: one.seconds for one in fast.failovers} == {
        "entrance": 1.0, "sql": 2.0, "names": 10.0, "bus": 10.0,
    }  # fmt: skip


def test_failovers_take_what_the_timer_budget_says() -> None:
    longest = timers.budget(rack_cloud()).failovers
    told = {one.service: one.seconds for one in estimate(rack_cloud()).failovers}
    assert told.keys() == {"entrance", "sql", "names", "bus"}
    assert told == {service: longest[service].recovery.seconds for service in told}
    assert longest["entrance"].name == "load balancer dies"


def test_the_target_is_met_or_not() -> None:
    assert estimate(rack_cloud(more="availability: {target: 99.9}")).met
    assert not estimate(rack_cloud(more="availability: {target: 99.999}")).met


def test_what_costs_most_comes_first() -> None:
    found = estimate(rack_cloud())
    for one in found.paths:
        minutes = [contributor.minutes for contributor in one.contributors]
        assert minutes == sorted(minutes, reverse=True)
    assert path(found, "message").contributors[0].label == "controller machines: common cause"


def test_a_lab_on_one_host_is_told_that_its_host_is_the_trouble() -> None:
    found = estimate(frozen.lab())
    assert found.improvements[0].change == "a separate host for every controller"
    assert not found.met


def test_a_third_controller_is_what_two_need() -> None:
    found = estimate(rack_cloud(controllers=2, racks=2))
    assert found.improvements[0].change == "3 controllers"
    assert found.improvements[0].minutes < 0.2 * max(one.minutes for one in found.paths)


def test_one_rack_is_told_to_spread_and_to_double_its_feed() -> None:
    changes = {one.change: one.saved for one in estimate(rack_cloud(racks=1)).improvements}
    assert changes["a second power feed for every rack"] > 10
    assert any(change.startswith("a separate rack") for change in changes)


def test_effects_say_what_survives_and_what_is_lost() -> None:
    effects = {(one.failure, one.path): one for one in estimate(rack_cloud(), failovers=()).effects}
    one = effects["ctl-1", "database write"]
    assert (one.survives, one.seconds, one.loses) == (True, 10.0, NOTHING)
    two = effects["ctl-1 and ctl-2", "database write"]
    assert (two.survives, two.seconds, two.loses) == (False, 8 * 3600, NOTHING)
    alone = {(one.failure, one.path): one for one in estimate(rack_cloud(controllers=1, racks=1)).effects}
    assert alone["ctl-1", "database write"].loses == SINCE_BACKUP


def test_every_assumption_is_told_with_its_source() -> None:
    told = estimate(rack_cloud()).assumptions
    assert len(told) >= 12
    assert all(one["value"] and one["source"] for one in told)


def test_a_longer_repair_never_helps() -> None:
    slower = replace(Assumptions(), machine=Rate(8760, 72, "without a spare"))
    assert path(estimate(rack_cloud(), slower), "message").minutes > path(estimate(rack_cloud()), "message").minutes


@pytest.mark.parametrize("file", lanes.first(environments(), typical), ids=lambda file: file.stem)
def test_every_shipped_environment_has_an_estimate(file: Path) -> None:
    found = estimate(cloud.read(file, services.registry()))
    assert json.loads(json.dumps(found.to_json()))["paths"][0]["minutes"] > 0
    assert all(0 < one.unavailability < 0.01 for one in found.paths)
