"""Times are read from the rendered files, where their services say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda.assess.timers import readings
from hacienda.declare import DeclarationError, Timer
from tests import lanes
from tests.assess.timers.samples import GALERA, HAPROXY, changed, lab, rendered
from tests.shipped import environments, typical

BARE = Timer("t", "/f", "")


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("500ms", "s", 0.5), ("3600s", "ms", 3600.0), ("1m", "s", 60.0), ("2", "s", 2.0), ("250", "ms", 0.25), ("0.3", "s", 0.3),
        ("PT1.5S", "s", 1.5), ("PT10M", "s", 600.0), ("PT1H0M1S", "s", 3601.0), ("6", "count", 6.0),
    ],
)  # fmt: skip
def test_values_in_every_notation(text: str, unit: str, value: float) -> None:
    assert readings.seconds(text, Timer("t", "/f", "", unit)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "soon", "1 s", "-1s", "PT", "5y", "1.2.3"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError):
        readings.seconds(text, BARE)


def test_every_declared_timer_is_in_the_file_it_names() -> None:
    found = readings.read(lab(), rendered())
    for service in lab().services:
        for timer in (one for one in service.timers if isinstance(one, Timer)):
            read = found.of(service.name, timer.name)
            assert read, f"{service.name}: {timer.name}"
            assert timer.default is not None or all(one.node for one in read)


@pytest.mark.parametrize("file", lanes.first(environments(), typical), ids=lambda file: file.stem)
def test_every_shipped_environment_can_be_read(file: Path) -> None:
    found = readings.read(cloud.read(file, services.registry()))
    assert found.longest("galera", "evs.suspect_timeout").value > 0


def test_a_listener_has_the_defaults_where_it_says_nothing() -> None:
    found = readings.read(lab(), changed(HAPROXY, ("timeout client 60000ms", "timeout client 42s")))
    assert found.longest("haproxy", "client time-out", "keystone-api").value == 42
    assert found.longest("haproxy", "client time-out", "galera-mysql").value == 3600


def test_the_worst_node_counts() -> None:
    files = dict(rendered())
    files["ctl-2"] = changed(GALERA, ("evs.suspect_timeout=PT1.5S", "evs.suspect_timeout=PT3S"))["ctl-2"]
    longest = readings.read(lab(), files).longest("galera", "evs.suspect_timeout")
    assert (longest.value, longest.node) == (3.0, "ctl-2")


def test_a_file_that_says_nothing_has_the_programs_default() -> None:
    found = readings.read(lab(), changed("/etc/rabbitmq/rabbitmq.conf", ("net_ticktime = 10", "")))
    one = found.longest("rabbitmq", "net_ticktime")
    assert (one.value, one.node) == (60, "")


def test_a_file_that_must_say_it_and_does_not_is_an_error() -> None:
    with pytest.raises(DeclarationError, match=r"evs\.suspect_timeout"):
        readings.read(lab(), changed(GALERA, ("evs.suspect_timeout=PT1.5S;", "")))
