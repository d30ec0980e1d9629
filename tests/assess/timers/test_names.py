"""No check is dropped without a word: a timer's name that nobody declares is an error, wherever it is misspelt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from hacienda.assess.timers import budget, contradictions, failures, readings
from hacienda.assess.timers.readings import Readings
from hacienda.cloud import Cloud
from hacienda.declare import DeclarationError, NoTimer, Service
from tests.assess import tenants
from tests.assess.timers.samples import registered, timed
from tests.frozen import lab


def asked(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> set[tuple[str, str]]:
    """Service and name of every timer that failures and contradictions of a cloud ask for."""
    found: set[tuple[str, str]] = set()
    own = Readings.has

    def has(self: Readings, service: str, name: str) -> bool:
        found.add((service, name))
        return own(self, service, name)

    with monkeypatch.context() as patched:
        patched.setattr(Readings, "has", has)
        budget(cloud)
    return found


def misspelt(service: Service, name: str) -> Service:
    """The service with another name for one of its timers."""
    timers = tuple(replace(timer, name=f"{name}~") if timer.name == name else timer for timer in service.timers)
    return replace(service, timers=timers)


@pytest.mark.parametrize(("cloud", "least"), [(lab(), 35), (tenants.whole(), 60)], ids=["lab", "whole"])
def test_each_timer_that_is_asked_for_must_be_declared(
    monkeypatch: pytest.MonkeyPatch, cloud: Cloud, least: int
) -> None:
    lacking = {(one.name, timer.name) for one in cloud.services for timer in one.timers if isinstance(timer, NoTimer)}
    names = asked(monkeypatch, cloud) - lacking
    assert len(names) >= least
    for service, name in sorted(names):
        wrong = registered(service, partial(misspelt, name=name), cloud)
        with pytest.raises(DeclarationError, match="declares no timer"):
            budget(wrong)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda found: found.longest("bsu", "heartbeat"), "no service 'bsu'; did you mean 'bus'"),
        (lambda found: found.longest("sql", "pol"), "sql declares no timer 'pol'; did you mean 'poll'"),
        (lambda found: found.longest("door", "inter", "balancer"), "section 'balancer'; did you mean 'balancers'"),
        (lambda found: found.provider("backup"), "no service here provides 'backup'"),
    ],
    ids=["service", "timer", "section", "capability"],
)
def test_to_ask_for_what_is_not_there_is_an_error(ask: Callable[[Readings], object], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        ask(readings.read(lab()))


def without(*names: str) -> Callable[[Service], Service]:
    """A service that says on purpose that it has no such timers."""

    def change(service: Service) -> Service:
        kept = tuple(timer for timer in service.timers if timer.name not in names)
        return replace(service, timers=(*kept, *(NoTimer(name, "has none") for name in names)))

    return change


def test_what_is_not_there_on_purpose_drops_what_rests_on_it_and_nothing_else() -> None:
    whole = {line.failure.name for line in budget(lab()).lines}
    quiet = budget(registered("bus", without("net_ticktime")))
    gone = whole - {line.failure.name for line in quiet.lines}
    assert gone == {"machine with bus lost", "waiting client of a lost bus"}
    assert quiet.contradictions == ()
    patient = budget(registered("names", without("database read_timeout")))
    assert whole - {line.failure.name for line in patient.lines} == {"names's query to a lost database"}


def test_every_database_has_its_patience_checked() -> None:
    """Which failure is the database's does not hang on its words."""
    found = tuple(failures.failures(lab(), readings.read(lab())))
    renamed = tuple(replace(one, name=f"failure {number}") for number, one in enumerate(found))
    hasty = readings.read(timed("names", {"database read_timeout": 1}))
    told = [one.reason for one in contradictions.contradictions(lab(), hasty, renamed)]
    assert [reason for reason in told if "gives up a query after 1 s" in reason]
