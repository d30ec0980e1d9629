"""Each failure is the sum that docs/timers.md says, of the values that services state."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda.assess.timers import budget, failures
from hacienda.assess.timers.steps import Longest, Sum, Time
from tests import lanes
from tests.assess import tenants
from tests.assess.timers.samples import Value, failure, of
from tests.cloud import samples
from tests.frozen import lab, registry
from tests.shipped import ROOT, environments, typical

CALL = "machines's call by a lost server of the queue"
WRITER = "machine with the virtual IP and the database's writer lost"


def test_the_virtual_ip_moves_after_three_advertisements_and_the_skew() -> None:
    """Priorities are 250, 240, 230: the first is lost, the second takes over."""
    found = failure(of("holder", {"advert_int": 1}), "machine with the virtual IP lost")
    assert found.recovery.seconds == pytest.approx(3 + 16 / 256)
    assert not found.within_target


def checks(inter: float, fastinter: float, fall: float, connect: float = 1) -> Mapping[str, Value]:
    """Other health checks of the database."""
    times = {"inter": inter, "fastinter": fastinter, "fall": fall}
    return {**{name: {"sql-clients": value} for name, value in times.items()}, "connect time-out": connect}


def test_a_silent_writer() -> None:
    """The load balancer: 1 + 3 x min(1, 1) + 2 x 0.25 = 4.5 s, longer than the group's 1.5 + 0.2 + 0.3; then 0.5 s to connect."""
    found = of("door", checks(1, 0.25, 3))
    assert failure(found, WRITER).detection.seconds == pytest.approx(4.5)
    assert failure(found, WRITER).recovery.seconds == pytest.approx(5.0)


def test_the_group_decides_where_it_is_slower() -> None:
    found = failure(of("sql", {"evs.suspect_timeout": 3}), WRITER)
    assert found.detection.seconds == pytest.approx(3 + 0.2 + 0.3)


def test_a_machine_that_is_cut_off_gives_the_virtual_ip_up() -> None:
    """The other load balancers: 1 + 2 x min(1, 1) + 0.5 = 3.5 s, longer than the writer (group 2, checker 0.25, load balancer
    0.75); the script: 2 x 1; then the successor's next announcement."""
    name = "virtual IP on a machine that is cut off"
    found = failure(of("holder", {"garp_interval": 0.4}), name)
    assert found.detection.seconds == pytest.approx(3.5 + 2)
    assert found.recovery.seconds == pytest.approx(3.5 + 2 + 0.4)
    slow = failure(of("sql", {"evs.suspect_timeout": 3}), name)
    assert slow.detection.seconds == pytest.approx(3.5 + 0.25 + 0.75 + 2)


def test_the_peers_settings_are_as_slow_as_they_were_measured() -> None:
    """kolla-ansible's `inter 2000 rise 2 fall 5` and connect 10 s: 5 x 2 s + 4 x 2 s + the first interval (18.8 to 20.8 s
    measured for a power cut); OpenStack-Ansible's 12 s, 3 times: 52.6 to 63.8 s."""
    kolla = failure(of("door", checks(2, 2, 5, connect=100)), WRITER)
    assert kolla.detection.seconds == pytest.approx(20)
    osa = failure(of("door", checks(12, 12, 3, connect=100)), WRITER)
    assert osa.detection.seconds == pytest.approx(72)


def test_an_api() -> None:
    found = of("door", {"check time-out": 7})
    assert failure(found, "names dies").recovery.seconds == pytest.approx(2 + 2 * 1)
    assert failure(found, "names hangs").recovery.seconds == pytest.approx(2 + 3 * 7 + 2 * 1)
    assert failure(found, "machine with names lost").recovery.seconds == pytest.approx(2 + 3 * 1 + 2 * 1)


def test_a_query_waits_for_its_time_out_or_for_the_failover() -> None:
    patient = failure(of("names", {"database read_timeout": 9}), "names's query to a lost database")
    assert patient.recovery.seconds == pytest.approx(9 + 3)
    hasty = failure(of("names", {"database read_timeout": 1}), "names's query to a lost database")
    assert hasty.recovery.seconds == pytest.approx(2.5 + 3)


def test_the_message_queue() -> None:
    found = failure(of("bus", {"net_ticktime": 60}), "machine with bus lost")
    assert found.recovery.seconds == pytest.approx(75)


def test_a_gateway() -> None:
    """Packets 0.5 s apart, of which four are missing."""
    found = failure(of("wires", {"bfd interval": 0.3}, tenants.whole()), "gateway of switch lost")
    assert found.recovery.seconds == pytest.approx(4 * 0.3)
    assert found.service == "switch"


def test_a_change_of_networks_waits_for_an_election_and_for_the_lock() -> None:
    found = failure(of("wires", {"election": 2}, tenants.whole()), "wires's leader lost")
    assert found.recovery.seconds == pytest.approx(2 * 2 + 2 * 5)
    assert found.service == "wires"


def test_a_machine_with_copies_and_the_leader_of_the_storage() -> None:
    found = of("store", {"osd_heartbeat_grace": 20, "mon_lease": 6}, tenants.whole())
    lost = failure(found, "machine with disks lost")
    assert lost.recovery.seconds == pytest.approx(20 + 3 + 5)
    assert lost.service == "disks"
    assert failure(found, "store's leader lost").recovery.seconds == pytest.approx(2 * 6 + 5)


def test_a_call_by_a_lost_server_of_the_queue() -> None:
    """A heartbeat after 24 / 4 s, which is not acknowledged for 24 s; then a pause of 1 s, and 4 s for a try at the lost server."""
    found = failure(of("machines", {"heartbeat_timeout_threshold": 24}, tenants.whole()), CALL)
    assert found.detection.seconds == pytest.approx(6 + 24)
    assert found.recovery.seconds == pytest.approx(6 + 24 + 1 + 4)


def test_a_lost_compute_gets_work_until_it_counts_as_dead() -> None:
    found = of("guests", {"service_down_time": 90}, tenants.whole())
    lost = failure(found, "machine with guests lost")
    assert (lost.recovery.seconds, lost.service) == (90, "guests")
    # Requests to an API do not wait for the reports of the daemons beside it.
    assert failure(found, "machine with volumes lost").recovery.seconds < 10


@pytest.mark.parametrize(("role", "gone"), [
    ("network: 2\n", {"gateway of switch lost"}),
    ("storage: 3\n", {"machine with disks lost", "store's leader lost"}),
    ("compute: 2\n", {"machine with guests lost", "guests's call by a lost server of the queue"}),
])  # fmt: skip
def test_what_no_machine_runs_does_not_fail(role: str, gone: set[str]) -> None:
    whole = {line.failure.name for line in budget(tenants.whole()).lines}
    assert whole - {line.failure.name for line in budget(tenants.cloud(role, "\n")).lines} == gone


@pytest.mark.parametrize(("retries", "seconds"), [(6, 25.4), (8, 102.2), (15, 924.6)])
def test_linux_gives_up_when_its_documentation_says(retries: int, seconds: float) -> None:
    """ip-sysctl.rst: 15 is a hypothetical time-out of 924.6 seconds; RFC 1122 wants 100 s, which is a value of 8."""
    assert failures.retransmitting(retries) == pytest.approx(seconds)


def test_the_longest_decides_and_is_told() -> None:
    step = Longest("noticed", (Time("short", 1), Sum("slow part", (Time("a", 2, 2), Time("b", 0.25)))))
    assert step.seconds == 4.25
    assert str(step) == "slow part (2 x a 2 s + b 0.25 s; longer than short 1 s)"


def test_the_lab_is_within_every_target() -> None:
    found = budget(lab())
    assert found.contradictions == ()
    assert all(line.failure.within_target for line in found.lines)


@pytest.mark.parametrize("file", lanes.first(environments(), typical), ids=lambda file: file.stem)
def test_every_shipped_environment_has_a_budget(file: Path) -> None:
    found = budget(cloud.read(file, services.registry()))
    told = json.loads(json.dumps(found.to_json()))
    assert len(told["failures"]) >= 12
    assert all(0 < one["recovery"]["seconds"] < 120 for one in told["failures"])


def test_a_cloud_without_timers_has_no_budget() -> None:
    found = budget(samples.cloud(samples.LAB))
    assert (found.lines, found.contradictions) == ((), ())


def test_one_machine_without_a_virtual_ip_has_no_failovers() -> None:
    alone = samples.cloud(
        "name: alone\nnetworks:\n  management: {cidr: 10.77.0.0/24}\nmachines:\n  controller: 1\n", registry()
    )
    names = {line.failure.name for line in budget(alone).lines}
    assert "truths's leader lost" in names
    assert not any("virtual IP" in name or "names" in name for name in names)


def test_the_reference_lists_the_targets_that_the_budget_has() -> None:
    page = (ROOT / "docs/reference.md").read_text().partition("\n## Recovery-time targets\n")[2]
    listed = re.findall(r"^\| ([^|]+) \| ([\d.]+) s \|", page, re.MULTILINE)
    built = cloud.read(ROOT / "environments/lab.yaml", services.registry())
    api = re.compile(
        rf"^({'|'.join(service.name for service in built.services if any(front.mode == 'http' for front in service.frontends))}) "
    )
    found = [line.failure for line in budget(built).lines if line.failure.target is not None]
    assert {(name, float(seconds)) for name, seconds in listed} == {
        (api.sub("an API service ", failure.name), failure.target) for failure in found
    }
