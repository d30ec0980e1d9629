"""What a service states is what its files have: assessments read the one, daemons the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hacienda import cloud, services
from hacienda.cloud import Cloud, Node
from hacienda.cloudinit import files
from hacienda.declare import Registry, Service, Timer
from tests import lanes
from tests.services import composed, stated
from tests.services.stated import Found
from tests.shipped import environments, typical

NAMES = services.registry().names()
OWN = """
    name: own
    platform: {type: existing, containers: true}
    networks: {management: {cidr: 10.77.0.0/24, vip: 10.77.0.10}}
    machines: {controller: {count: 3, memory: 64GiB}}
    services:
      etcd: {heartbeat_ms: 300, election_ms: 4000}
      keepalived: {advert_interval: 0.5}
      haproxy:
        {connect_timeout: 2.5, writer_connect_timeout: 0.75, timeout: 42, check_timeout: 7, drain_timeout: 900, connections: 7000}
      keystone: {database_read_timeout: 9}
      galera: {buffer_pool: 3GiB, gcache: 5GiB, max_connections: 1234}
      rabbitmq: {memory_limit: 3GiB, disk_free_limit: 5GiB, overrides: {heartbeat: 25}}
      memcached: {memory: 512MiB, max_connections: 2345}
"""
"""Another value of every option that sets one."""


def values(built: Cloud, service: Service, node: Node) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Name, file and values by section of all that a service states on a node."""
    for timer in service.timers:
        if isinstance(timer, Timer):
            yield timer.name, timer.file, timer.stated(built, node)
    for limit in service.limits:
        yield limit.of, limit.file, {"": limit.amount(built, node)}


def differences(built: Cloud) -> list[str]:
    """Values that a file has otherwise."""
    wrong = []
    for service in built.services:
        listed = stated.of(service)
        for node in built.servers(service.name)[:2] if stated.names(service) else ():
            texts = {file.path: file.text for file in files.service_files(built, node, service, services.TEMPLATES)}
            for name, path, own in values(built, service, node):
                found = listed[name].values(texts[path])
                wrong += [
                    f"{service.name} on {node.name}: {name} {section} is {value}, the file has {found}"
                    for section, value in own.items()
                    if not same(listed[name], value, found, section)
                ]
    return wrong


def same(what: Found, value: float, found: Mapping[str, float], section: str) -> bool:
    """Whether a file has a value. A value without a section is that of every section that has one."""
    own = (
        [found[section]]
        if section in found
        else [found[""]]
        if "" in found
        else list(found.values() if not section else ())
    )
    if what.below:
        return bool(own) and all(one <= value for one in own)
    return bool(own) and all(one == pytest.approx(value) for one in own)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_listed_beside_the_tests_of_its_service(name: str) -> None:
    service = services.registry()[name]
    assert stated.of(service).keys() == stated.names(service), f"list it in STATED of tests/services/test_{name}.py"


@pytest.mark.parametrize("file", lanes.first(environments(), typical), ids=lambda file: file.stem)
def test_the_files_have_what_is_stated(file: Path) -> None:
    assert differences(cloud.read(file, services.registry())) == []


def test_options_and_overrides_are_stated_too(tmp_path: Path) -> None:
    built = composed.cloud(tmp_path, OWN)
    assert differences(built) == []
    plain = composed.cloud(tmp_path)
    node, other = built.nodes[0], plain.nodes[0]
    for service in built.services:
        optional = {one.name for one in service.timers if isinstance(one, Timer) and one.option}
        optional |= {limit.of for limit in service.limits}
        mine, its = (
            {name: own for name, _, own in values(where, service, one)}
            for where, one in ((built, node), (plain, other))
        )
        if f"{service.name}: " in OWN:
            assert [name for name in optional if mine[name] == its[name]] == [], service.name


@pytest.mark.parametrize(
    ("name", "timer", "value"), [("etcd", "election", 3.0), ("haproxy", "fall", 9.0), ("host", "tcp_retries2", 5)]
)
def test_a_statement_that_no_file_has_is_found(name: str, timer: str, value: float, tmp_path: Path) -> None:
    """What templates write of their own stays as it is; what they take from the statement follows it."""
    built = composed.cloud(tmp_path)
    timers = tuple(
        replace(one, value=value) if isinstance(one, Timer) and one.name == timer else one
        for one in built.registry[name].timers
    )
    wrong = replace(built.registry[name], timers=timers)
    found = differences(replace(built, registry=Registry(wrong if one.name == name else one for one in built.registry)))
    assert {text.split(" on ")[0] for text in found} == (set() if name == "host" else {name})


OVERRIDDEN = {("rabbitmq", "heartbeat"): ("{heartbeat: 7}", 7.0)}
"""Stated values that no template writes, so that an operator may: what is written, and the value then."""


@pytest.mark.parametrize(("service", "name"), OVERRIDDEN)
def test_what_is_overridden_is_seen(service: str, name: str, tmp_path: Path) -> None:
    written, value = OVERRIDDEN[service, name]
    built = composed.cloud(tmp_path, f"{composed.LAB}services: {{{service}: {{overrides: {written}}}}}\n")
    own = {each: found for each, _, found in values(built, built.registry[service], built.nodes[0])}
    assert own[name] == {"": value}
    assert differences(built) == []


def test_what_a_template_does_not_write_is_tried_with_an_override() -> None:
    """What it writes is refused as an override."""
    for service in services.registry():
        paths = {one.name: one.file for one in service.timers if isinstance(one, Timer)}
        paths |= {limit.of: limit.file for limit in service.limits}
        for name, found in stated.of(service).items():
            if service.overrides is not None and paths[name] == service.overrides.path and found.default is not None:
                assert (service.name, name) in OVERRIDDEN
