"""Every key of the environment file says beside it whether it decides whom or what is trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from hacienda import services
from hacienda.declare import ServiceOptions
from hacienda.declare.trust import KEYWORD, PLAIN, Fact, Plain, Trust, facts, marker
from hacienda.environment import schema
from hacienda.environment.load import examine
from hacienda.environment.model import Environment
from hacienda.environment.source import parse
from hacienda.environment.trusted import trusted

ROOT = Path(__file__).parents[2]
AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
FILE = f"""\
name: small
platform: {{type: existing, known_hosts: known_hosts}}
networks: {{management: {{cidr: 192.0.2.0/24}}}}
machines: {{controller: {{nodes: {{a: {{address: 192.0.2.11}}, b: {{number: 2}}}}}}}}
secrets: {{backend: age, recipients: [{AGE}]}}
ssh: {{jump: bastion.example.org}}
firewall_rules: [{{name: ceph, ports: [3300], sources: [any]}}]
services: {{firewall: {{operator_networks: [203.0.113.0/24]}}, haproxy: {{overrides: {{global: [a b]}}}}}}
"""


def models() -> list[type[BaseModel]]:
    """Every part that a file may have, and every service's options."""
    found: dict[type[BaseModel], None] = {}
    waiting: list[type[BaseModel]] = [Environment, *(service.options for service in services.registry())]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found[model] = None
            # What a marker is beside is judged as a whole.
            open_ones = (field for field in model.model_fields.values() if marker(field) is None)
            waiting += [part for field in open_ones for part in _parts(field.annotation)]
    return list(found)


def _parts(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def undeclared(model: type[BaseModel]) -> list[str]:
    """Keys of which nothing says whether they are a matter of trust."""
    return [
        f"{model.__module__}.{model.__name__}.{name}"
        for name, field in model.model_fields.items()
        if marker(field) is None and not any(True for _ in _parts(field.annotation))
    ]


def test_every_key_says_whether_it_is_a_matter_of_trust() -> None:
    assert len(models()) > 20
    assert [key for model in models() for key in undeclared(model)] == []


def test_a_key_that_says_nothing_is_found_and_counts_as_trust() -> None:
    class Options(ServiceOptions):
        helper: str = "/usr/bin/helper"
        tls: bool = True
        seconds: float = 3
        limit: int | None = None
        quiet: Annotated[bool, PLAIN] = False

    found = [key.rpartition(".")[2] for key in undeclared(Options)]
    assert found == ["helper", "tls"]
    assert dict(facts(Options(helper="/tmp/x"))) == {
        "helper": Fact("/tmp/x", "something that is not declared"),
        "tls": Fact(True, "something that is not declared"),
    }


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, PLAIN),
        (Annotated[float, Field(ge=1)], PLAIN),
        (int | None, PLAIN),
        (bool, None),
        (str, None),
        (Annotated[int, Trust("a")], Trust("a")),
        (Annotated[str | None, Trust("a", file=True)], Trust("a", file=True)),
        (Annotated[Annotated[str, PLAIN], Trust("outer")], Trust("outer")),
    ],
)
def test_the_outermost_marker_counts(annotation: Any, expected: Trust | Plain | None) -> None:
    assert marker(FieldInfo.from_annotation(annotation)) == expected


def test_what_decides_about_trust_has_a_path_a_value_and_words() -> None:
    registry = services.registry()
    reading = examine(*parse(FILE.encode(), "x"), registry)
    assert not reading.problems
    found = trusted(reading.environment)
    values = {path: fact.value for path, fact in found.items()}
    assert values["secrets.recipients"] == [AGE]
    assert values["ssh.jump"] == "bastion.example.org"
    assert values["platform.known_hosts"] == "known_hosts"
    assert values["networks.management.cidr"] == "192.0.2.0/24"
    assert values["machines.controller.nodes.a.address"] == "192.0.2.11"
    assert values["machines.controller.nodes.b.number"] == 2
    assert values["firewall_rules"][0]["sources"] == ["any"]
    assert values["services.firewall.operator_networks"] == ["203.0.113.0/24"]
    assert values["services.haproxy.overrides"] == {"global": ["a b"]}
    assert "ssh.keys" not in values
    assert "region" not in values
    assert found["secrets.recipients"].decides == "who reads every secret"
    assert found["platform.known_hosts"].file
    assert not [path for path, fact in found.items() if "not declared" in fact.decides]


MUST = (
    "secrets.backend",
    "secrets.path",
    "secrets.recipients",
    "ssh.keys",
    "ssh.user",
    "ssh.port",
    "ssh.jump",
    "state.backend",
    "state.options",
    "api.certificate.chain",
    "api.certificate.key",
    "api.certificate.authority",
    "packages.mirror",
    "packages.security",
    "packages.proxy",
    "firewall_rules",
    "services.firewall.operator_networks",
    *(f"services.{name}.overrides" for name in ("galera", "haproxy", "keystone", "rabbitmq")),
)


@pytest.mark.parametrize("key", MUST)
def test_the_schema_says_so_to_editors(key: str) -> None:
    node = whole = schema(services.registry())
    for part in key.split("."):
        while "properties" not in node:
            inner = node.get("anyOf", [node])[0]
            node = whole["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        node = node["properties"][part]
    assert node[KEYWORD]
