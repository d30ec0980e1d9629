"""Daemons act in the order in which their services start, rolling ones one machine at a time."""

from __future__ import annotations

from hacienda.review.diff import Step, compare
from tests.review.diff.samples import ROLLING, Sample, file, rendering

PATHS = {service: f"/etc/{service}.conf" for service in ROLLING}


def controller(number: int, text: str, services: dict[str, bool] | None = None) -> Sample:
    running = ROLLING if services is None else services
    texts = {PATHS[service]: text for service in running}
    files = {PATHS[s]: file(text, s, "reload" if s == "haproxy" else "restart") for s in running}
    return Sample(f"ctl-{number}", texts, files, services=running)


def steps(before: list[Sample], after: list[Sample]) -> tuple[Step, ...]:
    return compare(rendering(before), rendering(after)).steps


def test_services_act_in_start_order() -> None:
    found = steps([controller(n, "a\n") for n in (1, 2, 3)], [controller(n, "b\n") for n in (1, 2, 3)])
    nodes = ("ctl-1", "ctl-2", "ctl-3")
    assert found == (
        Step("restart", "etcd", nodes, rolling=True),
        Step("reload", "haproxy", nodes, rolling=False),
        Step("restart", "galera", nodes, rolling=True),
    )


def test_order_holds_across_machines_with_different_services() -> None:
    own = {1: {"haproxy": False, "galera": True}, 2: {"etcd": True, "haproxy": False}}
    found = steps([controller(n, "a\n", own[n]) for n in own], [controller(n, "b\n", own[n]) for n in own])
    assert [step.service for step in found] == ["etcd", "haproxy", "galera"]


def test_a_service_that_comes_starts_and_one_that_goes_stops_first() -> None:
    before = controller(1, "a\n", {"etcd": True, "haproxy": False})
    after = controller(1, "a\n", {"haproxy": False, "galera": True})
    assert [(step.action, step.service) for step in steps([before], [after])] == [("stop", "etcd"), ("start", "galera")]
