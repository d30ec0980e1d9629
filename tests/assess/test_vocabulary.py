"""Assessments, and what reads plans and compares, name no service. They ask for capabilities, timers and limits, and stay as they
are when a service is added."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from hacienda import services
from hacienda.environment.machines import DomainKind
from tests.shipped import ROOT

PACKAGES = ("assess", "review/plan", "review/diff", "review/report")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / "hacienda" / package).rglob("*.py"))
PRODUCTS = (
    "chrony", "cinder", "etcd", "galera", "glance", "haproxy", "horizon", "keepalived", "keystone", "mariadb", "memcached",
    "neutron", "nova", "ovn", "prometheus", "rabbitmq", "swift",
)  # fmt: skip
"""Names that are no words of the language: not even a message may have them."""
NAMES = {*services.registry().names()} - {*get_args(DomainKind)}
"""Names of services, some of them plain words (`firewall`), which a sentence may have."""


def named(text: str) -> Iterator[str]:
    """What a module names: identifiers, whole texts, services in dotted fields and in modules, and products in any text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (word for word in PRODUCTS if re.search(rf"\b{word}\b", node.value, re.IGNORECASE))
            yield from {node.value, *re.findall(r"services\.(\w+)", node.value)} & NAMES
        elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.alias | ast.ImportFrom | ast.FunctionDef):
            own = (getattr(node, field, None) for field in ("id", "attr", "arg", "name", "module"))
            yield from {part for one in own if one for part in one.split(".")} & NAMES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "hacienda")))
def test_it_names_no_service(path: Path) -> None:
    assert set(named(path.read_text())) == set()


@pytest.mark.parametrize(
    "text",
    [
        'cloud.members("firewall")',
        'where = "services.chrony.servers"',
        'where = f"services.keepalived.{option}"',
        "from hacienda.services import firewall",
        "from hacienda.services.memcached import MIB",
        "memcached = 1",
        "def etcd(): ...",
        'reason = "HAProxy drops them"',
        '"""Asks Keystone."""',
        'path = "/etc/default/etcd"',
    ],
)
def test_a_name_is_found(text: str) -> None:
    assert set(named(text))


def test_words_of_the_language_are_let_be() -> None:
    assert set(named('reason = "their firewall drops the rest"; domains = ("host", "rack")')) == set()
