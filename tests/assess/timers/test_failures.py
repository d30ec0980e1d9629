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
from tests.assess.timers.samples import Value, failure, of
from tests.cloud import samples
from tests.frozen import lab, registry
from tests.shipped import ROOT, environments, typical

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
