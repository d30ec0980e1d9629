"""Machines die while a tenant works: every client goes on, what was confirmed is there, and the cloud heals unaided.

The bounds are generous, because the machine is small and may be busy; the figures are printed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.lab.clients import Publisher, SqlWriter
from tests.lab.cloud import Lab
from tests.lab_full import tenancy as tenants
from tests.lab_full.tenancy import Tenancy, Work, at_work

MOST = 60.0
"""Seconds that any client may wait on a busy machine. The aims are 2 s for an API, 5 s for a gateway, 30 s for a volume."""

HEALTHY_WITHIN = 600.0
"""Seconds until ten machines must be well again."""

RETURNS_IN = 10.0
"""Seconds in which a machine that has power again takes tasks back, which clients may feel, too."""

GOES_ON_WITHIN = 120.0
"""Seconds until every client must have an answer again."""


def measured(lab: Lab, what: str, work: Work) -> None:
    """Note what every client felt, and hold it to the bound."""
    outages = work.outages()
    for client, seconds in outages.items():
        lab.note(f"{what}: longest gap, {client}", seconds)
    assert {client: seconds for client, seconds in outages.items() if seconds > MOST} == {}


def whole(lab: Lab, what: str, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher | None, work: Work) -> None:
    """The cloud is well again, the instance answers, and nothing that was confirmed is lost.

    Args:
        publisher: as of `at_work`.
    """
    lab.note(f"{what}: well again after that", lab.wait_until_healthy(HEALTHY_WITHIN))
    tenancy.wait_until_reached()
    assert set(work.rows.acknowledged) <= writer.rows()
    if work.messages is not None and publisher is not None:
        assert set(work.messages.acknowledged) <= publisher.delivered()
    assert tenancy.lost() == []


@dataclass(frozen=True)
class Drill:
    """The tenant and the clients of database and message queue, while one machine is without power.

    Args:
        lab, tenancy, writer, publisher: as the fixtures of these names.
    """

    lab: Lab
    tenancy: Tenancy
    writer: SqlWriter
    publisher: Publisher

    def without(self, victim: str, what: str, dark: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Cut the power of a machine, and power it on again: every client goes on, and the cloud is whole afterwards.

        Args:
            victim: the machine.
            what: the drill's name.
            dark: seconds that it stays off once every client goes on.
            meanwhile: what must hold then.
        """
        with at_work(self.tenancy, self.writer, self.publisher, self.lab.apis()) as work:
            self.lab.power_cut(victim)
            work.all_go_on(GOES_ON_WITHIN)
            meanwhile()
            time.sleep(dark)
            work.all_go_on(GOES_ON_WITHIN)
            self.lab.power_on(victim)
            time.sleep(RETURNS_IN)
            work.all_go_on(GOES_ON_WITHIN)
        measured(self.lab, what, work)
        whole(self.lab, what, self.tenancy, self.writer, self.publisher, work)


@pytest.fixture
def drill(healthy: Lab, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher) -> Drill:
    return Drill(healthy, tenancy, writer, publisher)


def moved(lab: Lab, place: Callable[[Lab], str], former: str) -> Callable[[], None]:
    """That another machine has a task now."""

    def holds() -> None:
        assert place(lab) != former

    return holds


def test_a_controller_loses_power(drill: Drill) -> None:
    """The one that holds the virtual IP."""
    (victim,) = drill.lab.holders()
    drill.without(victim, "controller with the virtual IP loses power", dark=10)


@pytest.mark.long
def test_the_leader_of_the_southbound_database_loses_power(drill: Drill) -> None:
    victim = tenants.southbound_leader(drill.lab)
    elsewhere = moved(drill.lab, tenants.southbound_leader, victim)
    drill.without(victim, "southbound leader loses power", dark=0, meanwhile=elsewhere)


@pytest.mark.long
def test_the_gateway_loses_power(drill: Drill) -> None:
    victim = tenants.gateway(drill.lab)
    drill.without(victim, "gateway loses power", dark=10, meanwhile=moved(drill.lab, tenants.gateway, victim))


@pytest.mark.long
def test_a_storage_machine_loses_power(drill: Drill) -> None:
    drill.without(drill.lab.cloud().role("storage")[0].name, "storage machine loses power", dark=30)


@pytest.mark.long
def test_a_compute_loses_power(healthy: Lab, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher) -> None:
    """Its instances are reported, and come back when it does."""
    victim = tenancy.host()
    with at_work(tenancy, writer, publisher, healthy.apis()) as work:
        cut = time.monotonic()
        healthy.power_cut(victim)
        while victim not in {problem["node"] for problem in healthy.status()["problems"]}:
            assert time.monotonic() < cut + MOST
        healthy.note("compute loses power: status names it", time.monotonic() - cut)
        work.all_go_on(GOES_ON_WITHIN, unless=("blocks",))
        nova = tenancy.traveller.admin.compute
        while [one.state for one in nova.services(binary="nova-compute", host=victim)] != ["down"]:
            assert time.monotonic() < cut + 3 * MOST, "Nova takes the compute for alive"
            time.sleep(1)
        healthy.note("compute loses power: Nova says that it is down", time.monotonic() - cut)
        on = time.monotonic()
        healthy.power_on(victim)
        tenancy.wait_until_reached()
        healthy.note("compute loses power: its instance answers after power-on", time.monotonic() - on)
        work.all_go_on(GOES_ON_WITHIN)
    outages = {name: seconds for name, seconds in work.outages().items() if name not in ("volume writes", "ping")}
    assert {client: seconds for client, seconds in outages.items() if seconds > MOST} == {}
    assert tenancy.server().status == "ACTIVE"
    whole(healthy, "compute loses power", tenancy, writer, publisher, work)


@pytest.mark.long
def test_everything_loses_power_and_returns_staggered(
    healthy: Lab, tenancy: Tenancy, writer: SqlWriter, publisher: Publisher
) -> None:
    names = [node.name for node in healthy.cloud().nodes]
    with at_work(tenancy, writer, publisher, healthy.apis()) as work, ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(healthy.power_cut, names))
    began = time.monotonic()
    for name in names:
        healthy.power_on(name)
        time.sleep(4)
    what = "everything loses power, back staggered by 4 s"
    tenancy.wait_until_reached(600)
    healthy.note(f"{what}: the instance answers after the first power-on", time.monotonic() - began)
    whole(healthy, what, tenancy, writer, publisher, work)
    healthy.apply_changes_nothing()
