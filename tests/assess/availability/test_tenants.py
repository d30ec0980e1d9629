"""What a tenant does: which machines and services stand in its path, and what their loss costs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hacienda import cloud as clouds
from hacienda import services
from hacienda.assess.availability import Assumptions, Estimate, PathEstimate, Rate, estimate
from hacienda.assess.availability.diagram import Diagram
from hacienda.assess.availability.effects import NOTHING, SINCE_BACKUP
from hacienda.assess.availability.paths import Path, paths
from hacienda.assess.availability.tree import works
from hacienda.cloud import Cloud
from hacienda.declare import Registry
from tests.assess import tenants
from tests.assess.availability import formulas
from tests.assess.availability.test_estimate import ONLY_MACHINES
from tests.shipped import ROOT

ALONE = replace(ONLY_MACHINES, common_cause=0.0, coverage=1.0)
"""Machines fail one at a time, and every failover succeeds."""
NEVER = Rate(1e12, 1e-9, "never")


def path(cloud: Cloud, name: str) -> Path:
    (one,) = (one for one in paths(cloud, Assumptions()) if one.name == name)
    return one


def told(found: Estimate, name: str) -> PathEstimate:
    (one,) = (one for one in found.paths if one.name == name)
    return one


def survives(cloud: Cloud, name: str, *down: str) -> bool:
    return works(path(cloud, name).tree, down)


def test_each_deed_has_the_services_in_its_path() -> None:
    cloud = tenants.whole()
    assert set(path(cloud, "instance reachable").services) == {"guests", "switch"}
    assert set(path(cloud, "volume I/O").services) == {"guests", "store", "disks"}
    assert set(path(cloud, "new instance").services) == {
        "door", "holder", "sql", "bus", "names", "pictures", "nets", "machines", "wires", "store", "disks", "guests", "switch",
    }  # fmt: skip


def test_packets_need_a_gateway_and_the_instances_own_compute() -> None:
    cloud = tenants.whole()
    assert survives(cloud, "instance reachable", "net-1")
    assert not survives(cloud, "instance reachable", "net-1", "net-2")
    assert not survives(cloud, "instance reachable", "cmp-1")
    assert survives(cloud, "instance reachable", "cmp-2", "ctl-1", "ctl-2", "ctl-3", "sto-1")
    assert not survives(cloud, "instance reachable", "switch on cmp-1")
    # Guests run on without the daemon that starts them.
    assert survives(cloud, "instance reachable", "guests on cmp-1")


def test_a_new_instance_needs_any_compute_with_its_switch() -> None:
    cloud = tenants.whole()
    assert survives(cloud, "new instance", "cmp-1")
    assert not survives(cloud, "new instance", "cmp-1", "switch on cmp-2")
    assert not survives(cloud, "new instance", "guests on cmp-1", "guests on cmp-2")
    assert not survives(cloud, "new instance", *(f"bus on ctl-{number}" for number in (1, 2)))
    assert survives(cloud, "new instance", "net-1", "net-2")


@pytest.mark.parametrize(
    ("copies", "minimum", "down", "served"),
    [(3, 2, 1, True), (3, 2, 2, False), (3, 1, 2, True), (2, 2, 1, False), (2, 1, 1, True), (1, 1, 1, False)],
)
def test_a_volume_needs_its_least_copies(copies: int, minimum: int, down: int, served: bool) -> None:
    built = tenants.cloud(services=tenants.changed("store", redundancy=(tenants.kept(copies, minimum),)))
    lost = [f"sto-{number}" for number in range(1, down + 1)]
    assert survives(built, "volume I/O", *lost) is served
    assert not survives(built, "volume I/O", "ctl-1", "ctl-2")


def test_machines_of_one_failure_domain_may_be_lost_together() -> None:
    built = tenants.cloud(
        "    machines:\n",
        "    domains: {rack: [a, b, c]}\n    machines:\n",
        "storage: 3",
        "storage: {count: 6, spread: rack}",
    )
    racks = {node.name: node.domains["rack"] for node in built.role("storage")}
    together = [name for name, rack in racks.items() if rack == "a"]
    assert len(together) == 2
    assert survives(built, "volume I/O", *together)
    apart = [next(name for name, rack in racks.items() if rack == each) for each in "ab"]
    assert not survives(built, "volume I/O", *apart)


def test_a_volume_is_the_closed_form_where_nothing_is_shared() -> None:
    """The own compute in series with two of three disks. The loss of any disk is a failover, that of a monitor none."""
    found = told(estimate(tenants.whole(), ALONE, failovers=()), "volume I/O")
    machine = ALONE.machine
    of_two = formulas.at_least(2, 3, machine.unavailability)
    switching = 3 / machine.mtbf * 10 / 3600
    works = formulas.series((1 - machine.unavailability, 1 - of_two, 1 - of_two, 1 - switching))
    assert found.unavailability == pytest.approx(1 - works, rel=1e-3)


def test_an_instance_is_the_closed_form_where_nothing_is_shared() -> None:
    found = told(estimate(tenants.whole(), ALONE, failovers=()), "instance reachable")
    down = ALONE.machine.unavailability
    switching = 1 / ALONE.machine.mtbf * 10 / 3600
    assert found.unavailability == pytest.approx(1 - formulas.series((1 - down, 1 - down**2, 1 - switching)), rel=1e-3)


def test_failovers_take_the_time_of_their_timers() -> None:
    seconds = {one.service: one.seconds for one in estimate(tenants.whole()).failovers}
    assert (seconds["switch"], seconds["disks"], seconds["guests"]) == (2.0, 20.0, 50.0)
    assert "store" not in seconds


def test_one_machine_is_not_held_against_the_target() -> None:
    found = estimate(tenants.cloud("    machines:\n", "    availability: {target: 99.95}\n    machines:\n"))
    alone = [one.name for one in found.paths if one.target is None]
    assert alone == ["instance reachable", "volume I/O"]
    assert all(told(found, name).percent < 99.95 and told(found, name).met for name in alone)
    assert told(found, "instance reachable").contributors[0].label == "compute machines"
    assert found.worst is not None
    assert found.worst.name not in alone
    assert {one.name for one in found.paths if not one.met} == {
        one.name for one in found.paths if one.target and one.percent < one.target
    }


def test_effects_of_machines_that_tenants_notice() -> None:
    effects = {(one.failure, one.path): one for one in estimate(tenants.whole()).effects}
    gateway = effects["net-1", "instance reachable"]
    assert (gateway.survives, gateway.seconds, gateway.loses) == (True, 2.0, NOTHING)
    disk = effects["sto-1", "volume I/O"]
    assert (disk.survives, disk.seconds, disk.loses) == (True, 20.0, NOTHING)
    compute = effects["cmp-1", "volume I/O"]
    assert (compute.survives, compute.seconds) == (False, 8 * 3600)
    assert effects["cmp-1", "new instance"].survives
    single = tenants.cloud(services=tenants.changed("store", redundancy=(tenants.kept(1, 1),)))
    (one,) = (one for one in estimate(single).effects if (one.failure, one.path) == ("sto-1", "volume I/O"))
    assert (one.survives, one.loses) == (False, SINCE_BACKUP)


@pytest.mark.parametrize(
    ("cloud", "lacks"),
    [
        (tenants.cloud("network: 2\n", "\n", ", roles: [network]", ""), {
            "instance reachable": "no machine here serves it with switch"}),
        (tenants.cloud("storage: 3\n", "\n"), {
            "volume I/O": "no machine here holds volumes with disks",
            "new instance": "no machine here holds volumes with disks"}),
        (tenants.cloud("compute: 2\n", "\n"), dict.fromkeys(
            ("instance reachable", "volume I/O", "new instance"), "no machine here serves it with guests")),
        (tenants.cloud(services=tenants.without("volumes")), {"volume I/O": "no service here stands in its path"}),
        (tenants.cloud(services=tenants.without("switch")), dict.fromkeys(
            ("instance reachable", "new instance"), "no service here provides virtual switch")),
    ],
    ids=["gateway", "disks", "compute", "volumes", "switch"],
)  # fmt: skip
def test_what_is_missing_is_said(cloud: Cloud, lacks: dict[str, str]) -> None:
    found = estimate(cloud)
    assert {one.name: one.lacks for one in found.absent} == lacks
    assert not lacks.keys() & {one.name for one in found.paths}


def test_storage_that_is_not_there_is_not_needed() -> None:
    """A compute that only wants the storage cluster makes instances without it."""
    built = tenants.cloud(services=tenants.without("store", "disks", "volumes"))
    assert "store" not in path(built, "new instance").services
    assert survives(built, "new instance", "sto-1", "sto-2", "sto-3")


def test_a_thousand_computes_are_as_good_as_a_few_and_as_fast() -> None:
    many = tenants.cloud(
        "10.77.0.0/24",
        "10.77.0.0/16",
        "    machines:\n",
        "    domains: {rack: [a, b, c, d, e, f, g, h, i, j]}\n    machines:\n",
        "compute: 2",
        "compute: {count: 1000, spread: rack}",
        "storage: 3",
        "storage: {count: 200, spread: rack}",
        "controller: 3",
        "controller: {count: 3, spread: rack}",
        services=tenants.changed("store", redundancy=(replace(tenants.kept(), remade_after=lambda cloud: 600),)),
    )
    new = path(many, "new instance")
    assert len({part.node for part in Diagram(new.tree).parts if part.node.startswith("cmp")}) == 5
    assert all(0 < one.unavailability < 0.01 for one in estimate(many, failovers=()).paths)


def test_a_daemon_that_is_asked_for_twice_is_counted_once() -> None:
    """The switch is on the compute and on both gateways: three parts of one kind, and one common cause."""
    labels = [part.label for part in Diagram(path(tenants.whole(), "instance reachable").tree).parts]
    assert labels.count("switch") == 3
    assert labels.count("switch: common cause") == 1
    rates = {
        part.rate.mtbf
        for part in Diagram(path(tenants.whole(), "instance reachable").tree).parts
        if part.label == "switch"
    }
    assert len(rates) == 1
    assert math.isclose(rates.pop(), Assumptions().process.mtbf / 0.95)


def test_every_front_end_of_an_api_is_a_path() -> None:
    """Of the real services: by the type in the catalogue, and what the catalogue does not have by service and port."""
    built = clouds.read(ROOT / "environments/lab-full.yaml", services.registry())
    named = {one.name for one in paths(built, Assumptions())}
    fronts = [(service, front) for service in built.services for front in service.frontends if front.mode == "http"]
    assert len(fronts) >= 7
    for service, front in fronts:
        listed = {f"{entry.type} API" for entry in service.catalogue if entry.port == front.port}
        assert (listed or {f"{service.name} {front.port}"}) <= named


def test_the_real_services_stand_in_every_path() -> None:
    built = clouds.read(ROOT / "environments/lab-full.yaml", services.registry())
    found = {one.name: set(one.services) for one in paths(built, Assumptions())}
    assert found["instance reachable"] == {"nova-compute", "ovn-chassis"}
    assert found["volume I/O"] == {"nova-compute", "ceph", "ceph-osd"}
    assert found["new instance"] >= {
        "haproxy", "keepalived", "galera", "rabbitmq", "keystone", "glance", "placement", "neutron", "ovn", "nova", "ceph",
        "ceph-osd", "nova-compute", "ovn-chassis",
    }  # fmt: skip
    assert not found["new instance"] & {"cinder", "memcached", "etcd"}
    assert estimate(built).absent == ()


def test_a_registry_without_stations_has_no_tenant() -> None:
    bare = Registry(replace(one, stands_in=()) for one in tenants.SERVICES)
    assert {one.name for one in estimate(tenants.cloud(services=bare)).absent} == {
        "instance reachable", "volume I/O", "new instance",
    }  # fmt: skip


def test_copies_are_made_again_where_there_is_room() -> None:
    """A machine of six counts as lost for 600 s and a fifth of 24 h, a machine of three until it is repaired."""
    remade = replace(tenants.kept(), remade_after=lambda cloud: 600)
    registry = tenants.changed("store", redundancy=(remade,))

    def hours(built: Cloud) -> set[float]:
        parts = Diagram(path(built, "volume I/O").tree).parts
        return {round(part.rate.mttr, 6) for part in parts if part.label == "storage machines"}

    assert hours(tenants.cloud("storage: 3", "storage: 6", services=registry)) == {round(1 / 6 + 24 / 5, 6)}
    assert hours(tenants.cloud(services=registry)) == {8.0}
    assert hours(tenants.cloud("storage: 3", "storage: 6")) == {8.0}
    common = Diagram(path(tenants.cloud("storage: 3", "storage: 6", services=registry), "volume I/O").tree).parts
    assert [part.rate.mttr for part in common if part.name == "all storage machines"] == [8.0]
