"""Times are looked up as services state them."""

from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

import pytest

from hacienda.assess.timers import readings
from hacienda.declare import DeclarationError, Service, Timer
from tests.assess.timers.samples import registered, timed
from tests.cloud import samples
from tests.frozen import LAB, lab, registry


def test_every_timer_is_read_on_every_controller() -> None:
    found = readings.read(lab())
    for service in lab().services:
        for timer in (one for one in service.timers if isinstance(one, Timer)):
            read = found.of(service.name, timer.name)
            assert {one.node for one in read} == {"ctl-1", "ctl-2", "ctl-3"}, f"{service.name}: {timer.name}"


def test_each_listener_has_its_own() -> None:
    found = readings.read(timed("door", {"client time-out": {"names-api": 42}}))
    assert found.longest("door", "client time-out", "names-api").value == 42
    assert found.longest("door", "client time-out", "sql-clients").value == 3600


def test_the_worst_node_counts() -> None:
    slow = timed("sql", {"evs.suspect_timeout": lambda cloud, node: 3 if node.name == "ctl-2" else 1.5})
    longest = readings.read(slow).longest("sql", "evs.suspect_timeout")
    assert (longest.value, longest.node) == (3.0, "ctl-2")


def test_it_says_which_field_sets_it() -> None:
    found = readings.read(lab())
    assert found.longest("holder", "advert_int").where == "services.holder.interval"
    assert found.longest("holder", "script fall").where == "services.holder"


def test_options_are_seen() -> None:
    own = samples.cloud(f"{dedent(LAB)}services: {{truths: {{election: 4}}}}\n", registry())
    assert readings.read(own).longest("truths", "election").value == 4


def test_a_timer_of_no_section_is_set_nowhere() -> None:
    def change(service: Service) -> Service:
        return replace(service, timers=(Timer("inter", lambda cloud, node: {}, "/etc/door.conf"),))

    with pytest.raises(DeclarationError, match="door: inter is set nowhere"):
        readings.read(registered("door", change)).longest("door", "inter")
