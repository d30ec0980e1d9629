"""A service brings what it requires, and nothing else."""

from __future__ import annotations

import pytest

from hacienda import services
from hacienda.constructs.closure import closure
from hacienda.errors import InputError

EVERYWHERE = {service.name for service in services.registry() if service.everywhere}


def test_galera_brings_what_it_requires() -> None:
    found = set(closure(services.registry(), ["galera"], ["virtual ip"]).names())
    assert found == {"galera", "etcd", "haproxy", "keepalived", "chrony", "firewall", "host"}


def test_every_machine_runs_what_every_machine_runs() -> None:
    assert set(closure(services.registry(), []).names()) >= EVERYWHERE


@pytest.mark.parametrize("name", services.registry().names())
def test_whatever_is_required_is_there(name: str) -> None:
    registry = services.registry()
    found = closure(registry, [name])
    for service in found:
        assert all(registry.provider(capability).name in found for capability in service.requires)


def test_unknown_services_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        closure(services.registry(), ["galera", "galero", "nope"])
    assert [problem.reason for problem in caught.value.problems] == [
        "'galero' is not a service",
        "'nope' is not a service",
    ]
    assert "Did you mean `galera`?" in caught.value.problems[0].fix
