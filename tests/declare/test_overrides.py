"""Overrides: what Hacienda sets is not set twice, what is written is in the file, and all mistakes are told at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hacienda import services
from hacienda.cloud import Cloud
from hacienda.declare import Service
from hacienda.declare.overrides import Directives, Lines, Sections
from hacienda.errors import InputError
from hacienda.services import galera
from tests.services import composed

SERVICES = {service.name: service for service in services.registry() if service.overrides is not None}
BASE = composed.LAB


def cloud(folder: Path, service: str, overrides: Any) -> Cloud:
    return composed.cloud(folder, f"{BASE}services: {{{service}: {{overrides: {overrides}}}}}\n")


def told(folder: Path, service: str, overrides: Any) -> list[str]:
    with pytest.raises(InputError) as raised:
        cloud(folder, service, overrides)
    return [f"{problem.where} {problem.reason}" for problem in raised.value.problems]


def text(found: Cloud, service: Service) -> str:
    assert service.overrides is not None
    return composed.rendered(found, service.name)[service.overrides.path].text


def set_here(service: Service, content: str) -> Iterator[tuple[str, str]]:
    """Everything that a rendered file sets: section (or none), and the option's name or the directive."""
    section = ""
    for line in content.splitlines():
        if isinstance(service.overrides, Directives):
            if re.match("[a-z]", line):
                section = line.strip()
            elif re.match(r"\s+[a-z]", line):
                yield section, line.strip()
        elif line.startswith("["):
            section = line.strip("[]")
        elif re.match("[a-zA-Z].* =", line):
            yield section, line.partition(" =")[0]


def test_the_programs_that_operators_tune_take_overrides() -> None:
    assert {"keystone", "galera", "rabbitmq", "haproxy"} <= set(SERVICES)
    for service in SERVICES.values():
        assert "overrides" in service.options.model_fields


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_that_is_rendered_can_be_set_again(name: str, tmp_path: Path) -> None:
    service = SERVICES[name]
    overrides = service.overrides
    assert overrides is not None
    found = list(set_here(service, text(composed.cloud(tmp_path), service)))
    assert len(found) > 15
    for section, option in found:
        written: dict[str, Any]
        if isinstance(overrides, Directives):
            written = {section: [option]}
        else:
            written = {option: 1} if isinstance(overrides, Lines) else {section: {option: 1}}
        assert list(overrides.refusals(name, written, (section,))), f"{section}: {option}"


@pytest.mark.parametrize(
    ("service", "written", "lines"),
    [
        (
            "keystone",
            "{security_compliance: {unique_last_password_count: 5}, token: {allow_rescope_scoped_token: false}}",
            ["\nunique_last_password_count = 5\n", "allow_rescope_scoped_token = false\n\n[fernet_tokens]"],
        ),
        ("galera", "{mariadbd: {long_query_time: 0.5}}", ["long_query_time = 0.5\n\n[sst]"]),
        ("rabbitmq", "{channel_max: 2047, log.console: true}", ["\nchannel_max = 2047\nlog.console = true\n"]),
        (
            "haproxy",
            '{global: tune.maxaccept 64, "listen keystone-api": [http-request deny if HTTP_1.0, option http-ignore-probes]}',
            ["    tune.maxaccept 64\n\ndefaults", "    http-request deny if HTTP_1.0\n    option http-ignore-probes\n"],
        ),
    ],
)  # fmt: skip
def test_what_is_written_is_in_its_section(service: str, written: str, lines: list[str], tmp_path: Path) -> None:
    before = text(composed.cloud(tmp_path, BASE), SERVICES[service])
    after = text(cloud(tmp_path, service, written), SERVICES[service])
    for part in lines:
        assert part in after
    kept = iter(after.splitlines())
    assert all(line in kept for line in before.splitlines()), "what was there stays, in its order"


def test_an_override_names_no_secret() -> None:
    """A file cannot say so, either: tests/environment/broken/domain-placeholder.yaml."""
    with pytest.raises(ValueError, match="marks a secret"):
        galera.GaleraOptions(overrides={"mariadbd": {"x": "@{secret:a}@"}})


def test_a_directive_goes_into_the_section_that_it_names(tmp_path: Path) -> None:
    found = text(cloud(tmp_path, "haproxy", '{"listen keystone-api": [http-request deny]}'), SERVICES["haproxy"])
    section = found.partition("\nlisten keystone-api\n")[2]
    assert "http-request deny" in section
    assert not re.search(r"^\S", section.partition("http-request deny")[0], re.MULTILINE)


@pytest.mark.parametrize(
    ("service", "written", "reasons"),
    [
        (
            "keystone",
            '{database: {connection: "x", slave_connection: x}, token: {allow_expired_window: 4}, "a]b": {c: d}, cache: {}}',
            ["a section's name", "too few", "database.connection may hold", "slave_connection may", "window may not be overridden"],
        ),
        (
            "galera",
            "{mysqld: {a: 1}, mariadbd: {max-connections: 2, skip-networking: 1, innodb_flush_log_at: 2, loose-wsrep-on: 0}}",
            ["mysqld is not a section", *["may not be overridden"] * 4],
        ),
        (
            "rabbitmq",
            "{listeners.tcp.1: 5672, default_pass: x, net_ticktime: 60, x y: 1}",
            ["an option's name", "may not be overridden", "may hold a credential", "may not be overridden"],
        ),
        (
            "haproxy",
            '{global: [user root], peers x: [a], "listen keystone-api": [server a 192.0.2.1:5 ssl verify none, no option'
            ' http-server-close, "http-request deny # x"], "listen nova-api": [mode tcp],'
            ' defaults: [user x password y, timeout server 1h]}',
            ["begins a comment", "`user` may", "not a section", "not a section", "hold a credential", "`timeout server` may"],
        ),
    ],
)  # fmt: skip
def test_everything_that_is_not_the_operator_s_is_told_at_once(
    service: str, written: str, reasons: list[str], tmp_path: Path
) -> None:
    found = told(tmp_path, service, written)
    assert len(found) == len(reasons), found
    for reason in reasons:
        assert any(reason in each for each in found), (reason, found)


def test_a_name_of_mariadb_is_known_however_it_is_written(tmp_path: Path) -> None:
    overrides = SERVICES["galera"].overrides
    assert isinstance(overrides, Sections)
    for name in ("max_connections", "max-connections", "MAX_CONNECTIONS", "loose-max_connections", "max_conn"):
        assert list(overrides.refusals("galera", {"mariadbd": {name: 1}})), name
    assert not list(overrides.refusals("galera", {"mariadbd": {"max_user_connections": 1}}))
