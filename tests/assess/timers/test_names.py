"""No check is dropped without a word: a timer's name that nobody declares is an error, wherever it is misspelt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from hacienda.assess.timers import budget, contradictions, failures, readings
from hacienda.assess.timers.readings import Readings
from hacienda.cloud import Cloud
from hacienda.declare import DeclarationError, NoTimer, Registry, Service
from tests.assess.timers.samples import KEYSTONE, lab, rendered
from tests.assess.timers.samples import changed as edited


def changed(name: str, change: Callable[[Service], Service]) -> Cloud:
    """The lab with another declaration of one service."""
    registry = Registry([change(one) if one.name == name else one for one in lab().registry])
    return replace(lab(), registry=registry)


def asked(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Service and name of every timer that failures and contradictions ask for."""
    found: set[tuple[str, str]] = set()
    own = Readings.has

    def has(self: Readings, service: str, name: str) -> bool:
        found.add((service, name))
        return own(self, service, name)

    with monkeypatch.context() as patched:
        patched.setattr(Readings, "has", has)
        budget(lab(), rendered())
    return found


def misspelt(service: Service, name: str) -> Service:
    """The service with another name for one of its timers."""
    timers = tuple(replace(timer, name=f"{name}~") if timer.name == name else timer for timer in service.timers)
    return replace(service, timers=timers)


def test_each_timer_that_is_asked_for_must_be_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    names = asked(monkeypatch)
    assert len(names) >= 35
    for service, name in sorted(names):
        cloud = changed(service, partial(misspelt, name=name))
        with pytest.raises(DeclarationError, match="declares no timer"):
            budget(cloud, rendered())


def test_a_timer_is_read_from_a_file_that_there_is() -> None:
    files = {node: [file for file in own if file.path != "/etc/default/etcd"] for node, own in rendered().items()}
    with pytest.raises(DeclarationError, match="heartbeat is read from /etc/default/etcd, which ctl-1 does not have"):
        readings.read(lab(), files)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda found: found.longest("galerra", "poll"), "no service 'galerra'; did you mean 'galera'"),
        (lambda found: found.longest("galera", "pol"), "galera declares no timer 'pol'; did you mean 'poll'"),
        (lambda found: found.longest("haproxy", "inter", "balancer"), "section 'balancer'; did you mean 'balancers'"),
        (lambda found: found.provider("backup"), "no service here provides 'backup'"),
    ],
    ids=["service", "timer", "section", "capability"],
)
def test_to_ask_for_what_is_not_there_is_an_error(ask: Callable[[Readings], object], says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        ask(readings.read(lab(), rendered()))


def without(*names: str) -> Callable[[Service], Service]:
    """A service that says on purpose that it has no such timers."""

    def change(service: Service) -> Service:
        kept = tuple(timer for timer in service.timers if timer.name not in names)
        return replace(service, timers=(*kept, *(NoTimer(name, "has none") for name in names)))

    return change


def test_what_is_not_there_on_purpose_drops_what_rests_on_it_and_nothing_else() -> None:
    whole = {line.failure.name for line in budget(lab(), rendered()).lines}
    quiet = budget(changed("rabbitmq", without("net_ticktime")), rendered())
    gone = whole - {line.failure.name for line in quiet.lines}
    assert gone == {"machine with rabbitmq lost", "waiting client of a lost rabbitmq"}
    assert quiet.contradictions == ()
    patient = budget(changed("keystone", without("database read_timeout")), rendered())
    assert whole - {line.failure.name for line in patient.lines} == {"keystone's query to a lost database"}


def test_every_database_has_its_patience_checked() -> None:
    """Which failure is the database's does not hang on its words."""
    found = tuple(failures.failures(lab(), readings.read(lab(), rendered())))
    renamed = tuple(replace(one, name=f"failure {number}") for number, one in enumerate(found))
    hasty = readings.read(lab(), edited(KEYSTONE, ("read_timeout=5", "read_timeout=1")))
    told = [one.reason for one in contradictions.contradictions(lab(), hasty, renamed)]
    assert [reason for reason in told if "gives a query up after 1 s" in reason]
