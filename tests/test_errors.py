"""The hint that follows an unknown word names what was meant, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hacienda import services
from hacienda.declare.similar import similar
from hacienda.environment import schema

SHORT = 5
"""Up to here a changed letter makes another word."""
RELATED = frozenset(
    frozenset(pair)
    for pair in (
        ("domain", "domains"),
        ("address", "addresses"),
        ("network", "networks"),
        ("key", "keys"),
        ("nic", "nics"),
        ("port", "ports"),
        ("vlan", "vlans"),
    )
)
"""Known keys that are a letter or two apart because they are about the same thing."""

FOREIGN = (
    *(
        "routes",
        "route",
        "bonds",
        "lacp",
        "ntp",
        "ssl",
        "proxies",
        "mirrors",
        "repository",
        "firewall",
        "rules",
        "interfaces",
    ),
    *(
        "nic",
        "cards",
        "users",
        "passwords",
        "login",
        "subnet",
        "subnets",
        "ip",
        "dhcp",
        "tags",
        "labels",
        "flavor",
        "flavour",
    ),
    *("images", "ports", "options", "extra", "config", "configuration", "settings", "vars", "environment", "provider"),
    *("monitor", "logging", "alerts", "backup", "backups", "ceph", "nova", "neutron", "glance", "cinder", "horizon"),
    *(
        "database",
        "mariadb",
        "mysql",
        "queue",
        "cache",
        "fencing",
        "stonith",
        "ipmi",
        "bios",
        "boot",
        "kernel",
        "sysctl",
    ),
    *(
        "timezone",
        "locale",
        "dnssec",
        "search",
        "resolver",
        "certs",
        "ca",
        "issuer",
        "acme",
        "encryption",
        "vault",
        "keys",
    ),
    *("quota", "projects", "tenants", "flavors", "os", "distribution", "version", "description", "comment", "owner"),
    *(
        "host",
        "hostgroup",
        "groups",
        "inventory",
        "roles",
        "role",
        "tasks",
        "playbook",
        "node",
        "nodes",
        "rack",
        "racks",
    ),
)
"""What people write from habit of other tools: each is a key here, or a thing that this file has no word for."""


def levels() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The keys that each mapping of the environment file knows."""
    whole = schema(services.registry())
    yield "the file", tuple(whole["properties"])
    for name, definition in whole["$defs"].items():
        yield name, tuple(definition.get("properties", ()))
    for name, service in whole["properties"]["services"]["properties"].items():
        yield f"services.{name}", tuple(service["anyOf"][0].get("properties", ()))
    yield "services", tuple(whole["properties"]["services"]["properties"])


LEVELS = dict(levels())
KEYS = sorted({key for keys in LEVELS.values() for key in keys})


def test_no_key_is_a_slip_of_another_one() -> None:
    wrong = [
        (key, hint)
        for key in KEYS
        if (hint := similar(key, set(KEYS) - {key})) is not None and frozenset((key, hint)) not in RELATED
    ]
    assert wrong == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_word_from_elsewhere_is_no_slip_of_a_key(level: str) -> None:
    for word in FOREIGN:
        hint = similar(word, LEVELS[level])
        assert hint is None or hint.rstrip("s") == word.rstrip("s") or frozenset((hint, word)) in RELATED, word


def test_routes_are_no_roles() -> None:
    assert similar("routes", ("roles", "vlan")) is None
    assert similar("ssl", ("ssh", "tls")) is None


def slips(word: str) -> Iterator[str]:
    """Everything that one slip makes of a word, its first letter kept."""
    for at in range(1, len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + "q" + word[at:]
        if len(word) > SHORT:
            yield word[:at] + "q" + word[at + 1 :]
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


@pytest.mark.parametrize("key", [key for key in KEYS if len(key) > 4])
def test_a_slip_of_a_key_is_recognized(key: str) -> None:
    for word in slips(key):
        assert word in KEYS or similar(word, KEYS) is not None
        assert similar(word, [key]) == key


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *[("vpi", "vip"), ("VIP", "vip"), ("leafDays", "leaf_days"), ("controllers", "controller"), ("managemnet", "management")],
        *[("debian-12", None), ("2019.2", None), ("2025.01", None), ("", None), ("ndoe", "node")],
    ],
)  # fmt: skip
def test_a_slip_leads_to_one_word(word: str, meant: Any) -> None:
    known = ("vip", "vlan", "leaf_days", "controller", "management", "debian-13", "2025.1", "node", "mode")
    assert similar(word, known) == meant
