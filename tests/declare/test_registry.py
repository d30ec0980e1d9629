"""A registry refuses declarations that contradict each other, and orders the rest."""

from __future__ import annotations

from typing import Any

import pytest

from hacienda.declare import Check, DeclarationError, Frontend, Port, Registry, Script, Service
from hacienda.declare.network import Clients


def service(name: str, **declared: Any) -> Service:
    return Service(name=name, title=name, verify=Script("verify.sh"), **{"roles": ("controller",), **declared})


def test_what_a_service_requires_or_comes_after_starts_before_it() -> None:
    registry = Registry(
        (
            service("api", requires=("database",), after=("clock", "elsewhere")),
            service("clock"),
            service("store", provides=("database",), after=("clock",)),
        ),
        left_out=("elsewhere",),
    )
    assert registry.names() == ("clock", "store", "api")
    assert registry.before("api") == ("clock", "store")
    assert registry.provider("database").name == "store"


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ((service("one"), service("one")), "two services have the same name"),
        (
            (service("one", provides=("cache",)), service("two", provides=("cache",))),
            "'cache': one and two both provide it",
        ),
        ((service("one", requires=("cache",)),), "one requires 'cache', which nothing provides"),
        ((service("one", after=("two",)), service("two", after=("one",))), "services wait for each other: "),
        (
            (service("one", ports=(Port("a", 80, "public"),)), service("two", ports=(Port("b", 80, "public"),))),
            "tcp port 80: one and two",
        ),
    ],
    ids=["name", "capability", "requirement", "cycle", "port"],
)
def test_contradictions_are_refused(declared: tuple[Service, ...], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        Registry(declared)


def test_a_front_end_is_one_of_a_declared_port() -> None:
    with pytest.raises(DeclarationError, match="one: a front end names the port 'sql'"):
        Registry((service("one", frontends=(Frontend("sql", Check("/")),)),))


@pytest.mark.parametrize("clients", ["users", "operator", "public"])
def test_scopes_say_who_reaches_what_is_balanced(clients: Clients) -> None:
    front = Frontend("api", Check("/"), capacity=lambda cloud, node: 1)
    with pytest.raises(DeclarationError, match=f"the port 'api' is balanced and has the clients '{clients}'"):
        Registry((service("one", ports=(Port("api", 80, clients),), frontends=(front,)),))


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"bootstrap": Script("bootstrap.sh")}, "bootstrap"),
        ({"migrate": Script("migrate.sh")}, "migrate"),
        ({"reconcile": Script("reconcile.sh")}, "reconcile"),
        ({"voters": True}, "voters"),
    ],
)
def test_what_takes_a_claim_runs_where_claims_can_be_made(declared: dict[str, Any], reason: str) -> None:
    """Computes are no members of the coordination service, and have no certificate for it either."""
    claims = service("claims", provides=("coordination",))
    where = "agent: runs on machines of the role 'compute' and declares"
    with pytest.raises(DeclarationError, match=f"{where} {reason}, which needs claims on the same machines"):
        Registry((claims, service("agent", **{"roles": ("compute",), **declared})))
    assert "agent" in Registry((claims, service("agent", **declared)))
    assert "agent" in Registry((claims, service("agent", roles=("compute", "network"))))
